#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// Every metric there is, in one table. Names follow Prometheus: `_total` ends a counter, the unit stands before it in
// plural and unprefixed (seconds, bytes), and no label value is ever taken from a client.

namespace qrwell {

enum class metric : uint8_t {
  build_info,
  // serving HTTP
  http_requests,
  http_connections,
  http_evicted,
  http_turned_away,
  // issuing
  codes_issued,
  issue_replayed,
  issue_refused,
  bind_commit_time,
  bind_group_size,
  bind_waiting,
  bind_unknown,
  shelf_codes,
  // scanning
  scans,
  scans_refused,
  scan_cache_hits,
  scan_cache_entries,
  scan_counts_dropped,
  // stock
  stock_codes,
  stock_low,
  stock_high,
  pool_paused,
  codes_stocked_rate,
  codes_dead,
  // quota and WeChat
  quota_units,
  quota_limit,
  quota_used,
  wechat_calls,
  wechat_call_time,
  wechat_in_flight,
  wechat_breaker_open,
  wechat_host_used,
  wechat_host_left,
  token_age,
  token_refreshes,
  // stores
  store_jobs_waiting,
  store_jobs_refused,
  store_jobs,
  store_busy,
  // the process
  actor_mailbox,
  actor_handled,
  actor_busy,
  actor_restarts,
  log_lines,
  log_lines_dropped,
  metrics_misused,
  process_cpu,
  process_memory,
  process_virtual_memory,
  process_descriptors,
  process_descriptors_max,
  process_threads,
  process_start,
  count_, ///< how many there are
};

enum class metric_kind : uint8_t { counter, gauge, histogram };

struct metric_row {
  metric id;
  metric_kind kind;
  std::string_view name, help, unit;
  std::string_view labels; ///< names, separated by spaces
  std::span<const double> buckets = {};
};

/// In the order of the enumeration.
std::span<const metric_row> metric_catalog();

} // namespace qrwell
