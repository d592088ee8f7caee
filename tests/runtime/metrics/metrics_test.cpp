#include "runtime/metrics/metrics.hpp"

#include "tests/runtime/metrics/exposition.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <regex>
#include <thread>
#include <unistd.h>

using namespace qrwell;
using namespace qrwell::test;

namespace {

std::vector<sample> rendered(metrics& m) {
  auto text = m.render();
  auto out = read_exposition(text);
  BOOST_REQUIRE_MESSAGE(out, "not the text format:\n" << text);
  return *out;
}

// The value of the sample with this name and these label values; -1 if there is none.
double value_of(const std::vector<sample>& all, const std::string& name,
                const std::map<std::string, std::string>& labels = {}) {
  for (auto& s : all)
    if (s.name == name && s.labels == labels) return s.value;
  return -1;
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_suite)

BOOST_AUTO_TEST_CASE(names_follow_the_conventions) {
  static const std::regex name("(qrwell|process)(_[a-z]+)+");
  std::set<std::string_view> names;
  for (auto& row : metric_catalog()) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(std::regex_match(std::string(row.name), name));
      BOOST_TEST(names.insert(row.name).second);
      BOOST_TEST(row.name.ends_with("_total") == (row.kind == metric_kind::counter));
      BOOST_TEST(row.help.ends_with("."));
      if (row.unit == "seconds" || row.unit == "bytes")
        BOOST_TEST((row.name.ends_with(row.unit) || row.name.ends_with(std::string(row.unit) + "_total")));
      for (auto* wrong : {"_ms", "_milliseconds", "_kib", "_count", "_sum", "_bucket"})
        BOOST_TEST(!row.name.ends_with(wrong));
      BOOST_TEST((row.kind == metric_kind::histogram) == !row.buckets.empty());
      BOOST_TEST(std::is_sorted(row.buckets.begin(), row.buckets.end()));
      BOOST_TEST(row.labels.find("le") != 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_counted_is_shown) {
  metrics m;
  auto issued = m.counter(metric::codes_issued, {"default", "stock"});
  issued.add();
  issued.add(2);
  m.counter(metric::codes_issued, {"default", "live"}).add();
  m.counter(metric::codes_issued, {"default", "stock"}).add(); // the same series again
  auto stock = m.gauge(metric::stock_codes, {"default"});
  stock.set(7);
  stock.add(-2);
  auto time = m.histogram(metric::bind_commit_time);
  time.observe(0.0015);
  time.observe(0.0015);
  time.observe(60);
  auto all = rendered(m);
  BOOST_TEST(value_of(all, "qrwell_codes_issued_total", {{"pool", "default"}, {"rung", "stock"}}) == 4);
  BOOST_TEST(value_of(all, "qrwell_codes_issued_total", {{"pool", "default"}, {"rung", "live"}}) == 1);
  BOOST_TEST(value_of(all, "qrwell_stock_codes", {{"pool", "default"}}) == 5);
  BOOST_TEST(value_of(all, "qrwell_bind_commit_seconds_bucket", {{"le", "0.001"}}) == 0);
  BOOST_TEST(value_of(all, "qrwell_bind_commit_seconds_bucket", {{"le", "0.002"}}) == 2);
  BOOST_TEST(value_of(all, "qrwell_bind_commit_seconds_bucket", {{"le", "+Inf"}}) == 3);
  BOOST_TEST(value_of(all, "qrwell_bind_commit_seconds_count") == 3);
}

BOOST_AUTO_TEST_CASE(label_values_are_escaped) {
  metrics m;
  std::string nasty = "a\"b\\c\nd";
  m.gauge(metric::shelf_codes, {nasty}).set(1);
  BOOST_TEST(value_of(rendered(m), "qrwell_shelf_codes", {{"pool", nasty}}) == 1);
}

BOOST_AUTO_TEST_CASE(a_handle_of_nothing_does_nothing) {
  counter_handle().add();
  counter_handle().advance_to(5);
  gauge_handle().set(1);
  histogram_handle().observe(1);
}

BOOST_AUTO_TEST_CASE(misuse_is_counted_and_harmless) {
  metrics m;
  m.counter(metric::stock_codes, {"default"}).add();
  m.counter(metric::codes_issued, {"default"}).add();
  m.gauge(metric::stock_codes).set(1);
  auto all = rendered(m);
  BOOST_TEST(value_of(all, "qrwell_metrics_misused_total") == 3);
  BOOST_TEST(value_of(all, "qrwell_stock_codes", {{"pool", "default"}}) == -1);
}

BOOST_AUTO_TEST_CASE(series_are_bounded) {
  metrics m;
  for (size_t i = 0; i < metrics::series_max + 50; ++i) m.counter(metric::scans_refused, {std::to_string(i)}).add();
  auto all = rendered(m);
  auto count = std::count_if(all.begin(), all.end(), [](auto& s) { return s.name == "qrwell_scans_refused_total"; });
  BOOST_TEST(static_cast<size_t>(count) == metrics::series_max + 1);
  BOOST_TEST(value_of(all, "qrwell_scans_refused_total", {{"outcome", "other"}}) == 50);
}

BOOST_AUTO_TEST_CASE(totals_of_others_never_go_back) {
  metrics m;
  uint64_t total = 5;
  m.on_render([&](metrics& to) { to.counter(metric::log_lines).advance_to(static_cast<double>(total)); });
  BOOST_TEST(value_of(rendered(m), "qrwell_log_lines_total") == 5);
  total = 3;
  BOOST_TEST(value_of(rendered(m), "qrwell_log_lines_total") == 5);
  total = 9;
  BOOST_TEST(value_of(rendered(m), "qrwell_log_lines_total") == 9);
}

BOOST_AUTO_TEST_CASE(many_threads_lose_nothing) {
  metrics m;
  auto c = m.counter(metric::scans_refused, {"unknown"});
  auto h = m.histogram(metric::bind_commit_time);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([c, h]() mutable {
      for (int i = 0; i < 10'000; ++i) {
        c.add();
        h.observe(0.003);
      }
    });
  for (auto& t : threads) t.join();
  auto all = rendered(m);
  BOOST_TEST(value_of(all, "qrwell_scans_refused_total", {{"outcome", "unknown"}}) == 40'000);
  BOOST_TEST(value_of(all, "qrwell_bind_commit_seconds_count") == 40'000);
}

BOOST_AUTO_TEST_CASE(the_process_is_measured) {
  metrics m;
  add_process_metrics(m);
  auto before = rendered(m);
  BOOST_TEST(value_of(before, "process_resident_memory_bytes") > 1e6);
  BOOST_TEST(value_of(before, "process_virtual_memory_bytes") > value_of(before, "process_resident_memory_bytes"));
  BOOST_TEST(value_of(before, "process_threads") >= 1);
  BOOST_TEST(value_of(before, "process_open_fds") >= 3);
  BOOST_TEST(value_of(before, "process_max_fds") >= value_of(before, "process_open_fds"));
  auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  BOOST_TEST(std::abs(value_of(before, "process_start_time_seconds") - now) < 300);

  int extra[2] = {::open("/dev/null", O_RDONLY | O_CLOEXEC), ::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  auto burn_until = std::clock() + CLOCKS_PER_SEC / 20;
  while (std::clock() < burn_until) {
  }
  auto after = rendered(m);
  BOOST_TEST(value_of(after, "process_open_fds") == value_of(before, "process_open_fds") + 2);
  BOOST_TEST(value_of(after, "process_cpu_seconds_total") > value_of(before, "process_cpu_seconds_total") + 0.04);
  for (auto fd : extra) ::close(fd);
}

BOOST_AUTO_TEST_SUITE_END()
