#include "tools/wechat-sim/fault_commands.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

/// Replaces `out` by a field that is there; false if it is no whole number in [min, max].
template <class T>
bool read_whole(const json::object& fields, std::string_view name, int64_t min, int64_t max, T& out) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) return false;
  out = static_cast<T>(value->get_int64());
  return true;
}

/// A sentence about the first field that is not among the allowed ones, empty if there is none.
std::string stranger(const json::object& fields, std::string_view kind,
                     std::initializer_list<std::string_view> allowed) {
  for (const auto& field : fields) {
    std::string_view name = field.key();
    if (name != "kind" && std::ranges::find(allowed, name) == allowed.end())
      return fmt::format("{} has no field '{}'; it has {}", kind, name,
                         allowed.size() == 0 ? "none" : fmt::format("{}", fmt::join(allowed, ", ")));
  }
  return {};
}

std::string set_limit(sim_state& state, const json::object& fields) {
  if (auto wrong = stranger(fields, "limit", {"per_minute", "per_day", "code"}); !wrong.empty()) return wrong;
  auto next = state.live;
  if (!read_whole(fields, "per_minute", 0, 1'000'000'000, next.limit_per_minute) ||
      !read_whole(fields, "per_day", 0, 1'000'000'000, next.limit_per_day) ||
      !read_whole(fields, "code", 1, 1'000'000, next.limit_code))
    return "limit: per_minute and per_day (0: none) are whole numbers, code is 45009 or 45011";
  state.live = std::move(next);
  return {};
}

std::string set_latency(sim_state& state, const json::object& fields) {
  if (auto wrong = stranger(fields, "latency", {"min_ms", "max_ms"}); !wrong.empty()) return wrong;
  auto next = state.live;
  constexpr int64_t most_ms = 600'000;
  if (!read_whole(fields, "min_ms", 0, most_ms, next.latency_min_ms)) return "latency: min_ms is from 0 to 600000";
  next.latency_max_ms = std::max(next.latency_max_ms, next.latency_min_ms);
  if (!fields.contains("max_ms")) next.latency_max_ms = next.latency_min_ms;
  if (!read_whole(fields, "max_ms", next.latency_min_ms, most_ms, next.latency_max_ms))
    return "latency: max_ms is from min_ms to 600000";
  state.live = std::move(next);
  return {};
}

std::string set_ip_list(sim_state& state, const json::object& fields) {
  if (auto wrong = stranger(fields, "ip_list", {"allow"}); !wrong.empty()) return wrong;
  constexpr std::size_t most = 256;
  const auto* allow = fields.if_contains("allow");
  if (allow == nullptr || !allow->is_array() || allow->get_array().size() > most)
    return "ip_list: allow is an array of at most 256 addresses; an empty one lets every address in";
  std::vector<std::string> ips;
  for (const auto& ip : allow->get_array()) {
    if (!ip.is_string()) return "ip_list: allow is an array of addresses, such as [\"127.0.0.1\"]";
    ips.emplace_back(ip.get_string());
  }
  state.live.allowed_ips = std::move(ips);
  return {};
}

std::string touch_tokens(sim_state& state, const json::object& fields, bool steal, int64_t now_us) {
  std::string appid;
  std::string which = "all";
  for (const auto& field : fields) {
    if (field.key() == "kind") continue;
    if (field.key() == "app" && field.value().is_string())
      appid = std::string{field.value().get_string()};
    else if (field.key() == "which" && steal && field.value().is_string())
      which = std::string{field.value().get_string()};
    else
      return "steal_token and expire_token take app, and steal_token which = all, ordinary or stable";
  }
  if (which != "all" && which != "ordinary" && which != "stable") return "which: must be all, ordinary or stable";
  if (!appid.empty() && state.app_named(appid) == nullptr) return "app: there is no such app";
  for (auto& app : state.apps) {
    if (!appid.empty() && app.settings.appid != appid) continue;
    if (!steal) app.tokens.expire_all(now_us);
    if (steal && which != "stable") app.tokens.steal_ordinary(now_us);
    if (steal && which != "ordinary") app.tokens.steal_stable(now_us);
  }
  return {};
}

} // namespace

commanded carry_out(sim_state& state, const json::object& fields, int64_t now_us) {
  const auto* kind = fields.if_contains("kind");
  bool on_calls = fields.contains("rate") || fields.contains("count");
  if (kind != nullptr) {
    if (*kind == "none") {
      auto wrong = stranger(fields, "none", {});
      if (wrong.empty()) state.faults.clear();
      return {wrong};
    }
    if (*kind == "latency") return {set_latency(state, fields)};
    if (*kind == "limit") return {set_limit(state, fields)};
    if (*kind == "ip_list") return {set_ip_list(state, fields)};
    if (!on_calls && (*kind == "steal_token" || *kind == "expire_token"))
      return {touch_tokens(state, fields, *kind == "steal_token", now_us)};
  }
  auto result = fault_plan::parse(fields);
  if (auto* wrong = std::get_if<std::string>(&result)) return {*wrong};
  auto& read = std::get<fault>(result);
  if (!read.app.empty() && state.app_named(read.app) == nullptr) return {"app: there is no such app"};
  auto id = state.faults.add(std::move(read));
  if (id == 0)
    return {fmt::format("there are {} faults already; clear them with {{\"kind\":\"none\"}}", fault_plan::faults_max)};
  return {{}, id};
}

} // namespace qrwell::sim
