#pragma once

#include "runtime/metrics/catalog.hpp"

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
} // namespace prometheus

namespace qrwell {

/// Handles are resolved once, at start, and are cheap from then on and safe from any thread. One that was made from
/// nothing does nothing, so that an actor needs no registry in its tests. A handle must not outlive its registry.
class counter_handle {
public:
  counter_handle() = default;
  explicit counter_handle(prometheus::Counter& to)
      : to_(&to) {}
  void add(double amount = 1) noexcept;
  /// For a total that somebody else counts; never goes back.
  void advance_to(double total) noexcept;

private:
  prometheus::Counter* to_ = nullptr;
};

class gauge_handle {
public:
  gauge_handle() = default;
  explicit gauge_handle(prometheus::Gauge& to)
      : to_(&to) {}
  void set(double value) noexcept;
  void add(double amount) noexcept;

private:
  prometheus::Gauge* to_ = nullptr;
};

class histogram_handle {
public:
  histogram_handle() = default;
  explicit histogram_handle(prometheus::Histogram& to)
      : to_(&to) {}
  /// In the unit of the metric: seconds for times.
  void observe(double value) noexcept;

private:
  prometheus::Histogram* to_ = nullptr;
};

/// The metrics of this process. Asking for a metric with the wrong kind or number of labels gives a handle that does
/// nothing and counts in qrwell_metrics_misused_total. A metric has at most `series_max` combinations of label values;
/// further ones are counted together, with "other" as every value.
class metrics {
public:
  static constexpr size_t series_max = 1'000;
  using values = std::initializer_list<std::string_view>;

  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  counter_handle counter(metric which, values labels = {});
  gauge_handle gauge(metric which, values labels = {});
  histogram_handle histogram(metric which, values labels = {});

  /// Called at each render(), in its thread, for what is known elsewhere (vitals, the log). Must not block, must not
  /// call render(), and must live as long as this.
  void on_render(std::function<void(metrics&)> refresh);

  /// Prometheus text format 0.0.4.
  std::string render();
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Memory, descriptors, threads and processor time of this process, read from /proc at each render().
void add_process_metrics(metrics& to);

} // namespace qrwell
