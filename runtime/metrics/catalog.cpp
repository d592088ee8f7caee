#include "runtime/metrics/catalog.hpp"

namespace qrwell {
namespace {

using enum metric_kind;

// Around the figures that are promised: issuing answers within 5 ms, a request ends within 2 s.
constexpr std::array<double, 14> fast{0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
constexpr std::array<double, 9> sizes{1, 2, 4, 8, 16, 32, 64, 128, 256};

constexpr metric_row table[] = {
    {metric::build_info, gauge, "qrwell_build_info", "Always 1; its labels say what runs.", "", "version node"},
    {metric::http_requests, counter, "qrwell_http_requests_total", "Requests answered.", "requests", "class status"},
    {metric::http_connections, gauge, "qrwell_http_connections", "Open connections.", "connections", "listener"},
    {metric::http_evicted, counter, "qrwell_http_connections_evicted_total",
     "Idle connections closed to make room for new clients.", "connections", "listener"},
    {metric::http_turned_away, counter, "qrwell_http_connections_refused_total",
     "Connections accepted past connections_max, only to be answered 503.", "connections", "listener"},
    {metric::codes_issued, counter, "qrwell_codes_issued_total", "Codes bound to a target, by the rung they came from.",
     "codes", "pool rung"},
    {metric::issue_replayed, counter, "qrwell_issue_replayed_total",
     "Requests answered with the code that their key already had.", "requests", ""},
    {metric::issue_refused, counter, "qrwell_issue_refused_total", "Requests for a code that got none.", "requests",
     ""},
    {metric::bind_commit_time, histogram, "qrwell_bind_commit_seconds", "One synced transaction of bindings.",
     "seconds", "", fast},
    {metric::bind_group_size, histogram, "qrwell_bind_group_bindings", "Bindings in one transaction.", "bindings", "",
     sizes},
    {metric::bind_waiting, gauge, "qrwell_bind_waiting_bindings", "Bindings that wait for a transaction.", "bindings",
     ""},
    {metric::bind_unknown, counter, "qrwell_bind_unknown_total", "Bindings whose outcome was unknown for some time.",
     "bindings", ""},
    {metric::shelf_codes, gauge, "qrwell_shelf_codes", "Codes of this node's shelf.", "codes", "pool"},
    {metric::scans, counter, "qrwell_scans_total", "Scenes asked for.", "scans", ""},
    {metric::scans_refused, counter, "qrwell_scans_refused_total", "Scenes that led nowhere, by why.", "scans",
     "outcome"},
    {metric::scan_cache_hits, counter, "qrwell_scan_cache_hits_total", "Scenes answered from memory.", "scans",
     "cache"},
    {metric::scan_cache_entries, gauge, "qrwell_scan_cache_entries", "Bindings in memory.", "entries", "cache"},
    {metric::scan_counts_dropped, counter, "qrwell_scan_counts_dropped_total",
     "Scans that were answered and not counted.", "scans", ""},
    {metric::stock_codes, gauge, "qrwell_stock_codes", "Codes in stock.", "codes", "pool"},
    {metric::stock_low, gauge, "qrwell_stock_low_codes", "The stock below which a pool is filled at once.", "codes",
     "pool"},
    {metric::stock_high, gauge, "qrwell_stock_high_codes", "The stock to which a pool is filled.", "codes", "pool"},
    {metric::pool_paused, gauge, "qrwell_pool_paused", "1 while a pool is not filled, by an operator or an alarm.", "",
     "pool"},
    {metric::codes_stocked_rate, gauge, "qrwell_stocked_last_minute_codes",
     "Codes that came into stock in the last 60 s; since its start, while the node is younger.", "codes", "pool"},
    {metric::codes_dead, counter, "qrwell_codes_dead_total", "Codes that cost quota and cannot be used.", "codes",
     "pool"},
    {metric::quota_units, gauge, "qrwell_quota_units", "Calls of the quota, by what they are doing.", "units",
     "app state"},
    {metric::quota_limit, gauge, "qrwell_quota_limit_units", "Calls that WeChat allows in any 60 s.", "units", "app"},
    {metric::quota_used, gauge, "qrwell_quota_used_units", "Calls in the last 60 s, by our own count.", "units", "app"},
    {metric::wechat_calls, counter, "qrwell_wechat_calls_total", "Calls to WeChat that ended, by how.", "calls",
     "app outcome"},
    {metric::wechat_call_time, gauge, "qrwell_wechat_call_seconds", "Calls to WeChat: quantiles of the last thousand.",
     "seconds", "app quantile"},
    {metric::wechat_in_flight, gauge, "qrwell_wechat_in_flight_calls", "Calls to WeChat under way.", "calls", "app"},
    {metric::wechat_breaker_open, gauge, "qrwell_wechat_breaker_open", "1 while calls to WeChat are held back.", "",
     "app"},
    {metric::wechat_host_used, gauge, "qrwell_wechat_host_used", "1 for the host that calls for codes go to.", "",
     "app host"},
    {metric::wechat_host_left, gauge, "qrwell_wechat_host_left",
     "1 while a host fails: it gets a call now and then that tries whether it works again.", "", "app host"},
    {metric::token_age, gauge, "qrwell_token_age_seconds", "Age of the access token.", "seconds", "app"},
    {metric::token_refreshes, counter, "qrwell_token_refreshes_total", "Access tokens that were fetched.", "refreshes",
     "app"},
    {metric::store_jobs_waiting, gauge, "qrwell_store_waiting_jobs", "Jobs that wait for the store.", "jobs",
     "worker lane"},
    {metric::store_jobs_refused, counter, "qrwell_store_jobs_refused_total", "Jobs refused, since their lane was full.",
     "jobs", "worker lane"},
    {metric::store_jobs, counter, "qrwell_store_jobs_total", "Jobs that a store did.", "jobs", "worker"},
    {metric::store_busy, counter, "qrwell_store_busy_seconds_total", "Time that a store spent on jobs.", "seconds",
     "worker"},
    {metric::actor_mailbox, gauge, "qrwell_actor_mailbox_messages", "Messages that wait for an actor.", "messages",
     "kind name"},
    {metric::actor_handled, counter, "qrwell_actor_handled_total", "Messages that an actor handled.", "messages",
     "kind name"},
    {metric::actor_busy, gauge, "qrwell_actor_busy_seconds", "How long an actor is at its present message.", "seconds",
     "kind name"},
    {metric::actor_restarts, counter, "qrwell_actor_restarts_total", "Restarts of an actor.", "restarts", "kind name"},
    {metric::log_lines, counter, "qrwell_log_lines_total", "Log lines written.", "lines", ""},
    {metric::log_lines_dropped, counter, "qrwell_log_lines_dropped_total", "Log lines never written.", "lines", ""},
    {metric::metrics_misused, counter, "qrwell_metrics_misused_total",
     "Metrics asked for with the wrong kind or labels; a fault in the program.", "metrics", ""},
    {metric::process_cpu, counter, "process_cpu_seconds_total", "User and system time.", "seconds", ""},
    {metric::process_memory, gauge, "process_resident_memory_bytes", "Resident memory.", "bytes", ""},
    {metric::process_virtual_memory, gauge, "process_virtual_memory_bytes", "Virtual memory.", "bytes", ""},
    {metric::process_descriptors, gauge, "process_open_fds", "Open file descriptors.", "", ""},
    {metric::process_descriptors_max, gauge, "process_max_fds", "Most file descriptors that may be open.", "", ""},
    {metric::process_threads, gauge, "process_threads", "Threads.", "threads", ""},
    {metric::process_start, gauge, "process_start_time_seconds", "When the process began, since 1970.", "seconds", ""},
};

consteval bool in_order() {
  for (size_t i = 0; i < std::size(table); ++i)
    if (table[i].id != static_cast<metric>(i)) return false;
  return std::size(table) == static_cast<size_t>(metric::count_);
}
static_assert(in_order(), "a row for every metric, in the order of the enumeration");

} // namespace

std::span<const metric_row> metric_catalog() {
  return table;
}

} // namespace qrwell
