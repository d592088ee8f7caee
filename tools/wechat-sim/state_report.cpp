#include "tools/wechat-sim/state_report.hpp"

#include <map>
#include <string>
#include <type_traits>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

template <class Key>
json::object by_name(const std::map<Key, uint64_t>& counts) {
  json::object out;
  for (const auto& [key, count] : counts) {
    if constexpr (std::is_same_v<Key, int>)
      out[std::to_string(key)] = count;
    else
      out[key] = count;
  }
  return out;
}

json::object report_app(app_state& app, int64_t now_us) {
  auto& counts = app.counts;
  const auto& issued = app.tokens.issued();
  return {{"appid", app.settings.appid},
          {"calls", counts.arrivals.total()},
          {"charged", counts.charged.total()},
          {"images", counts.images},
          {"refused", by_name(counts.refused)},
          {"last_60s", counts.arrivals.in_last_minute(now_us)},
          {"busiest_60s", counts.arrivals.busiest()},
          {"charged_last_60s", counts.charged.in_last_minute(now_us)},
          {"charged_busiest_60s", counts.charged.busiest()},
          {"charged_today", counts.charged_today.today(now_us)},
          {"scenes_repeated", counts.scenes_repeated},
          {"token_calls", counts.token_calls},
          {"tokens", {{"ordinary", issued.ordinary}, {"stable", issued.stable}, {"forced", issued.forced}}}};
}

} // namespace

json::object report(sim_state& state, int64_t now_us) {
  json::array apps;
  for (auto& app : state.apps) apps.emplace_back(report_app(app, now_us));
  const auto& live = state.live;
  json::object limit{{"per_minute", live.limit_per_minute}, {"per_day", live.limit_per_day}, {"code", live.limit_code}};
  json::object latency{{"min_ms", live.latency_min_ms}, {"max_ms", live.latency_max_ms}};
  json::object connections{{"open", state.connections_open},
                           {"open_max", state.connections_open_max},
                           {"accepted", state.connections_accepted},
                           {"refused", state.connections_refused}};
  return {{"apps", apps},
          {"refused_without_app", by_name(state.refused_without_app)},
          {"limit", limit},
          {"latency", latency},
          {"allowed_ips", json::value_from(live.allowed_ips)},
          {"faults", state.faults.list()},
          {"fault_hits", state.faults.hits()},
          {"calls_by_host", by_name(state.calls_by_host)},
          {"connections", connections}};
}

} // namespace qrwell::sim
