#include "runtime/metrics/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace qrwell {
namespace {

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    auto end = words.find(' ');
    out.emplace_back(words.substr(0, end));
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return out;
}

} // namespace

struct metrics::impl {
  using family = std::variant<prometheus::Family<prometheus::Counter>*, prometheus::Family<prometheus::Gauge>*,
                              prometheus::Family<prometheus::Histogram>*>;

  struct entry {
    family in;
    std::vector<std::string> labels;
    std::set<std::vector<std::string>> series;
  };

  prometheus::Registry registry;
  std::vector<entry> entries;
  std::mutex lock; ///< of `entries` and `refreshers`; handles do not take it
  std::vector<std::function<void(metrics&)>> refreshers;
  prometheus::Counter* misused = nullptr;

  impl() {
    for (auto& row : metric_catalog()) {
      auto made = [&](auto builder) -> family {
        return &builder.Name(std::string(row.name)).Help(std::string(row.help)).Register(registry);
      };
      auto in = row.kind == metric_kind::counter ? made(prometheus::BuildCounter())
                : row.kind == metric_kind::gauge ? made(prometheus::BuildGauge())
                                                 : made(prometheus::BuildHistogram());
      entries.push_back({in, split(row.labels), {}});
    }
    misused = resolve<prometheus::Counter>(metric::metrics_misused, {});
  }

  template <class T, class... Ts>
  T* resolve(metric which, values given, const Ts&... more) {
    std::lock_guard guard(lock);
    if (which >= metric::count_) return nullptr;
    auto& e = entries[static_cast<size_t>(which)];
    auto in = std::get_if<prometheus::Family<T>*>(&e.in);
    if (in == nullptr || given.size() != e.labels.size()) {
      misused->Increment();
      return nullptr;
    }
    std::vector<std::string> row(given.begin(), given.end());
    if (e.series.count(row) == 0 && e.series.size() >= series_max) row.assign(row.size(), "other");
    e.series.insert(row);
    prometheus::Labels labels;
    for (size_t i = 0; i < row.size(); ++i) labels[e.labels[i]] = row[i];
    return &(*in)->Add(labels, more...);
  }
};

metrics::metrics()
    : impl_(std::make_unique<impl>()) {}
metrics::~metrics() = default;

counter_handle metrics::counter(metric which, values labels) {
  auto to = impl_->resolve<prometheus::Counter>(which, labels);
  return to == nullptr ? counter_handle() : counter_handle(*to);
}

gauge_handle metrics::gauge(metric which, values labels) {
  auto to = impl_->resolve<prometheus::Gauge>(which, labels);
  return to == nullptr ? gauge_handle() : gauge_handle(*to);
}

histogram_handle metrics::histogram(metric which, values labels) {
  auto bounds =
      which < metric::count_ ? metric_catalog()[static_cast<size_t>(which)].buckets : std::span<const double>();
  auto to = impl_->resolve<prometheus::Histogram>(
      which, labels, prometheus::Histogram::BucketBoundaries(bounds.begin(), bounds.end()));
  return to == nullptr ? histogram_handle() : histogram_handle(*to);
}

void metrics::on_render(std::function<void(metrics&)> refresh) {
  std::lock_guard guard(impl_->lock);
  impl_->refreshers.push_back(std::move(refresh));
}

std::string metrics::render() {
  auto refreshers = [&] {
    std::lock_guard guard(impl_->lock);
    return impl_->refreshers;
  }();
  for (auto& refresh : refreshers) refresh(*this);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return std::move(out).str();
}

void counter_handle::add(double amount) noexcept {
  if (to_ != nullptr) to_->Increment(amount);
}

void counter_handle::advance_to(double total) noexcept {
  if (to_ != nullptr && total > to_->Value()) to_->Increment(total - to_->Value());
}

void gauge_handle::set(double value) noexcept {
  if (to_ != nullptr) to_->Set(value);
}

void gauge_handle::add(double amount) noexcept {
  if (to_ != nullptr) to_->Increment(amount);
}

void histogram_handle::observe(double value) noexcept {
  if (to_ != nullptr) to_->Observe(value);
}

} // namespace qrwell
