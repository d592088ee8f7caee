#include "node/node_metrics.hpp"

#include "actors/scan_recorder/scan_counts.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/logging/log.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace qrwell {
namespace {

namespace json = boost::json;

double number(const json::object& facts, std::string_view name) {
  const auto* value = facts.if_contains(name);
  if (!value) return 0;
  if (value->is_bool()) return value->get_bool() ? 1 : 0;
  json::error_code err;
  auto out = value->is_number() ? value->to_number<double>(err) : 0;
  return err ? 0 : out;
}

const json::object& object(const json::object& facts, std::string_view name) {
  static const json::object none;
  const auto* value = facts.if_contains(name);
  return value && value->is_object() ? value->get_object() : none;
}

uint64_t read(const http_counters::number& n) {
  return n.load(std::memory_order_relaxed);
}

} // namespace

node_metrics::node_metrics(const std::string& node, std::map<std::string, std::shared_ptr<http_counters>> listeners)
    : listeners_(std::move(listeners)) {
  commit_time_ = all_.histogram(metric::bind_commit_time);
  group_size_ = all_.histogram(metric::bind_group_size);
  all_.gauge(metric::build_info, {QRWELL_VERSION, node}).set(1);
  add_process_metrics(all_);
}

void node_metrics::committed(double seconds, size_t bindings) noexcept {
  commit_time_.observe(seconds);
  group_size_.observe(static_cast<double>(bindings));
}

std::string node_metrics::render(const inspect_report& report, const std::vector<pool_state>& pools) {
  std::lock_guard lock(mutex_);
  read_listeners();
  read_pools(pools);
  read_actors(report);
  for (const auto& status : report.statuses) read_words(status);
  all_.counter(metric::log_lines).advance_to(static_cast<double>(log::written_total()));
  all_.counter(metric::log_lines_dropped).advance_to(static_cast<double>(log::dropped_total()));
  return all_.render();
}

void node_metrics::read_listeners() {
  constexpr std::array<std::string_view, 6> digits{"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  std::array<std::array<uint64_t, 6>, http::request_classes + 1> answers{};
  uint64_t hot_entries = 0;
  hot_hits_ = 0;
  for (const auto& [name, counters] : listeners_) {
    all_.gauge(metric::http_connections, {name}).set(static_cast<double>(read(counters->connections)));
    all_.counter(metric::http_evicted, {name}).advance_to(static_cast<double>(read(counters->evicted)));
    all_.counter(metric::http_turned_away, {name}).advance_to(static_cast<double>(read(counters->turned_away)));
    for (size_t c = 0; c < answers.size(); ++c)
      for (size_t d = 1; d < digits.size(); ++d) answers[c][d] += read(counters->answers[c][d]);
    hot_hits_ += read(counters->hot_hits);
    hot_entries += read(counters->hot_entries);
  }
  for (size_t c = 0; c < answers.size(); ++c) {
    auto cls = c < http::request_classes ? to_string(static_cast<http::request_class>(c)) : std::string_view("none");
    for (size_t d = 1; d < digits.size(); ++d)
      if (answers[c][d] > 0)
        all_.counter(metric::http_requests, {cls, digits[d]}).advance_to(static_cast<double>(answers[c][d]));
  }
  all_.counter(metric::scan_cache_hits, {"front_end"}).advance_to(static_cast<double>(hot_hits_));
  all_.gauge(metric::scan_cache_entries, {"front_end"}).set(static_cast<double>(hot_entries));
}

void node_metrics::read_pools(const std::vector<pool_state>& pools) {
  for (const auto& pool : pools) {
    all_.gauge(metric::stock_codes, {pool.pool}).set(static_cast<double>(pool.level));
    all_.gauge(metric::stock_low, {pool.pool}).set(static_cast<double>(pool.low));
    all_.gauge(metric::stock_high, {pool.pool}).set(static_cast<double>(pool.high));
    all_.gauge(metric::pool_paused, {pool.pool}).set(pool.paused ? 1 : 0);
    all_.gauge(metric::codes_stocked_rate, {pool.pool}).set(pool.per_minute);
    all_.counter(metric::codes_dead, {pool.pool}).advance_to(static_cast<double>(pool.dead));
  }
}

void node_metrics::read_actors(const inspect_report& report) {
  for (const auto& actor : report.actors) {
    all_.gauge(metric::actor_mailbox, {actor.kind, actor.name}).set(static_cast<double>(actor.mailbox));
    all_.counter(metric::actor_handled, {actor.kind, actor.name}).advance_to(static_cast<double>(actor.handled));
    all_.gauge(metric::actor_busy, {actor.kind, actor.name})
        .set(actor.busy ? static_cast<double>(actor.busy_for_ms) / 1'000 : 0);
    all_.counter(metric::actor_restarts, {actor.kind, actor.name}).advance_to(static_cast<double>(actor.restarts));
  }
}

void node_metrics::read_words(const actor_status& status) {
  json::error_code err;
  auto parsed = json::parse(status.facts, err);
  if (err || !parsed.is_object()) return;
  const auto& facts = parsed.get_object();
  const auto& name = status.name;
  if (status.kind == "quota_manager") {
    for (const auto* state : {"free", "unsent", "in_flight", "cooling", "charged", "withheld"})
      all_.gauge(metric::quota_units, {name, state}).set(number(facts, state));
    all_.gauge(metric::quota_limit, {name}).set(number(facts, "limit"));
    all_.gauge(metric::quota_used, {name}).set(number(facts, "used_60s"));
  } else if (status.kind == "wechat_fetcher") {
    for (const auto& [outcome, count] : object(facts, "outcomes"))
      if (count.is_number())
        all_.counter(metric::wechat_calls, {name, std::string_view(outcome)}).advance_to(count.to_number<double>(err));
    all_.gauge(metric::wechat_in_flight, {name}).set(number(facts, "in_flight"));
    const auto* breaker = facts.if_contains("breaker");
    all_.gauge(metric::wechat_breaker_open, {name})
        .set(breaker && breaker->is_string() && breaker->get_string() != "closed" ? 1 : 0);
    if (const auto* hosts = facts.if_contains("hosts"); hosts && hosts->is_array())
      for (const auto& one : hosts->get_array()) {
        const auto& host = one.as_object().at("host").as_string();
        const auto& state = one.as_object().at("state").as_string();
        all_.gauge(metric::wechat_host_used, {name, std::string_view(host)}).set(state == "used" ? 1 : 0);
        all_.gauge(metric::wechat_host_left, {name, std::string_view(host)})
            .set(state == "left" || state == "probed" ? 1 : 0);
      }
    all_.gauge(metric::wechat_call_time, {name, "0.5"}).set(number(facts, "p50_ms") / 1'000);
    all_.gauge(metric::wechat_call_time, {name, "0.99"}).set(number(facts, "p99_ms") / 1'000);
  } else if (status.kind == "token_keeper") {
    all_.gauge(metric::token_age, {name}).set(number(facts, "age_s"));
    all_.counter(metric::token_refreshes, {name}).advance_to(number(facts, "refreshes"));
  } else if (status.kind == "request_server") {
    for (const auto& [pool, rungs] : object(facts, "issued"))
      if (rungs.is_object())
        for (const auto& [rung, count] : rungs.get_object())
          all_.counter(metric::codes_issued, {std::string_view(pool), std::string_view(rung)})
              .advance_to(number(rungs.get_object(), rung));
    if (const auto* shelves = facts.if_contains("shelves"); shelves && shelves->is_array())
      for (const auto& shelf : shelves->get_array())
        if (const auto* pool = shelf.as_object().if_contains("pool"); pool && pool->is_string())
          all_.gauge(metric::shelf_codes, {std::string_view(pool->get_string())})
              .set(number(shelf.get_object(), "codes"));
    all_.counter(metric::issue_replayed).advance_to(number(facts, "replayed"));
    all_.counter(metric::issue_refused).advance_to(number(facts, "refused"));
  } else if (status.kind == "binding_persister") {
    all_.gauge(metric::bind_waiting).set(number(facts, "waiting"));
    all_.counter(metric::bind_unknown).advance_to(number(facts, "unknown"));
  } else if (status.kind == "scan_server") {
    for (const auto* outcome : {"unknown", "forged", "revoked", "expired", "refused", "failed"})
      all_.counter(metric::scans_refused, {outcome}).advance_to(number(facts, outcome));
    all_.counter(metric::scans).advance_to(number(facts, "scans") + static_cast<double>(hot_hits_));
    all_.counter(metric::scan_cache_hits, {"scan_server"}).advance_to(number(facts, "cache_hits"));
    all_.gauge(metric::scan_cache_entries, {"scan_server"}).set(number(facts, "cached"));
  } else if (status.kind == "scan_recorder") {
    all_.counter(metric::scan_counts_dropped).advance_to(number(facts, "dropped"));
  } else if (status.kind == "store_writer" || status.kind == "store_reader" || status.kind == "image_worker") {
    for (const auto& [lane, values] : object(facts, "lanes")) {
      if (!values.is_object()) continue;
      all_.gauge(metric::store_jobs_waiting, {name, std::string_view(lane)})
          .set(number(values.get_object(), "waiting"));
      all_.counter(metric::store_jobs_refused, {name, std::string_view(lane)})
          .advance_to(number(values.get_object(), "refused"));
    }
    all_.counter(metric::store_jobs, {name}).advance_to(number(facts, "done"));
    all_.counter(metric::store_busy, {name}).advance_to(number(facts, "busy_ms") / 1'000);
  }
}

} // namespace qrwell
