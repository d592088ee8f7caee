#include "tools/wechat-sim/control_api.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

sim_answer plain(unsigned status, const json::value& body) {
  return {status, "application/json", std::make_shared<const std::string>(json::serialize(body) + "\n")};
}

sim_answer problem(unsigned status, std::string_view what) {
  return plain(status, json::object{{"error", what}});
}

std::string hex_sha256(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string out;
  for (auto byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

/// Replaces `out` by a field that is there; false if it is no whole number in [min, max].
template <class T>
bool read_whole(const json::object& fields, std::string_view name, int64_t min, int64_t max, T& out) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) return false;
  out = static_cast<T>(value->get_int64());
  return true;
}

json::object by_code(const std::map<int, uint64_t>& counts) {
  json::object out;
  for (const auto& [code, count] : counts) out[std::to_string(code)] = count;
  return out;
}

json::object state_of(app_state& app, int64_t now_us) {
  auto& counts = app.counts;
  const auto& issued = app.tokens.issued();
  return {{"appid", app.settings.appid},
          {"calls", counts.arrivals.total()},
          {"charged", counts.charged.total()},
          {"images", counts.images},
          {"refused", by_code(counts.refused)},
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

sim_answer control_api::handle(const sim_request& request, int64_t now_us) {
  bool get = request.method == "GET";
  bool post = request.method == "POST";
  if (request.path == "/sim/state" && get) return show_state(now_us);
  if (request.path == "/sim/scenes" && get) return show_scenes(request);
  if (request.path == "/sim/faults" && get) return plain(200, json::object{{"faults", state_.faults.list()}});
  if (request.path == "/sim/faults" && post) return set_faults(request, now_us);
  if (request.path == "/sim/reset" && post) return reset(request);
  return problem(404, "the control calls are GET /sim/state, /sim/scenes, /sim/faults; POST /sim/faults, /sim/reset");
}

sim_answer control_api::show_state(int64_t now_us) {
  json::array apps;
  for (auto& app : state_.apps) apps.emplace_back(state_of(app, now_us));
  const auto& live = state_.live;
  json::object limit{{"per_minute", live.limit_per_minute}, {"per_day", live.limit_per_day}, {"code", live.limit_code}};
  json::object latency{{"min_ms", live.latency_min_ms}, {"max_ms", live.latency_max_ms}};
  json::object connections{{"open", state_.connections_open},
                           {"open_max", state_.connections_open_max},
                           {"accepted", state_.connections_accepted}};
  return plain(200, json::object{{"apps", apps},
                                 {"refused_without_app", by_code(state_.refused_without_app)},
                                 {"limit", limit},
                                 {"latency", latency},
                                 {"faults", state_.faults.list()},
                                 {"fault_hits", state_.faults.hits()},
                                 {"connections", connections}});
}

sim_answer control_api::show_scenes(const sim_request& request) const {
  const auto& all = state_.scenes.all();
  std::size_t limit = 100;
  if (auto text = query_value(request.query, "limit"); !text.empty()) {
    auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (failed != std::errc{} || stop != text.data() + text.size())
      return problem(400, "limit: must be a whole number");
  }
  json::array scenes;
  for (auto it = all.rbegin(); it != all.rend() && scenes.size() < limit; ++it) {
    json::object item{{"appid", it->appid},        {"scene", it->scene},        {"page", it->page},
                      {"at_ms", it->at_us / 1000}, {"bytes", it->body->size()}, {"sha256", hex_sha256(*it->body)}};
    scenes.emplace_back(std::move(item));
  }
  return plain(200, json::object{{"scenes", scenes}});
}

sim_answer control_api::set_faults(const sim_request& request, int64_t now_us) {
  boost::system::error_code failed;
  auto parsed = json::parse(request.body, failed);
  if (failed) return problem(400, "the body must be a JSON object, or an array of objects");
  if (parsed.is_object()) parsed = json::array{parsed};
  if (!parsed.is_array()) return problem(400, "the body must be a JSON object, or an array of objects");
  for (const auto& item : parsed.get_array()) {
    if (!item.is_object()) return problem(400, "the body must be a JSON object, or an array of objects");
    if (auto wrong = apply(item.get_object(), now_us); !wrong.empty()) return problem(400, wrong);
  }
  return plain(200, json::object{{"faults", state_.faults.list()}});
}

std::string control_api::apply(const json::object& fields, int64_t now_us) {
  const auto* kind = fields.if_contains("kind");
  bool on_calls = fields.contains("rate") || fields.contains("count");
  if (kind != nullptr) {
    if (*kind == "none") {
      state_.faults.clear();
      return {};
    }
    if (*kind == "latency") return set_latency(fields);
    if (*kind == "limit") return set_limit(fields);
    if (!on_calls && (*kind == "steal_token" || *kind == "expire_token"))
      return touch_tokens(fields, *kind == "steal_token", now_us);
  }
  auto result = fault_plan::parse(fields);
  if (auto* wrong = std::get_if<std::string>(&result)) return *wrong;
  if (!state_.faults.add(std::get<fault>(std::move(result))))
    return fmt::format("there are {} faults already; clear them with {{\"kind\":\"none\"}}", fault_plan::faults_max);
  return {};
}

std::string control_api::set_limit(const json::object& fields) {
  auto next = state_.live;
  if (!read_whole(fields, "per_minute", 0, 1'000'000'000, next.limit_per_minute) ||
      !read_whole(fields, "per_day", 0, 1'000'000'000, next.limit_per_day) ||
      !read_whole(fields, "code", 1, 1'000'000, next.limit_code))
    return "limit: per_minute and per_day (0: none) are whole numbers, code is 45009 or 45011";
  state_.live = std::move(next);
  return {};
}

std::string control_api::set_latency(const json::object& fields) {
  auto next = state_.live;
  constexpr int64_t most_ms = 600'000;
  if (!read_whole(fields, "min_ms", 0, most_ms, next.latency_min_ms)) return "latency: min_ms is from 0 to 600000";
  next.latency_max_ms = std::max(next.latency_max_ms, next.latency_min_ms);
  if (!fields.contains("max_ms")) next.latency_max_ms = next.latency_min_ms;
  if (!read_whole(fields, "max_ms", next.latency_min_ms, most_ms, next.latency_max_ms))
    return "latency: max_ms is from min_ms to 600000";
  state_.live = std::move(next);
  return {};
}

std::string control_api::touch_tokens(const json::object& fields, bool steal, int64_t now_us) {
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
  if (!appid.empty() && state_.app_named(appid) == nullptr) return "app: there is no such app";
  for (auto& app : state_.apps) {
    if (!appid.empty() && app.settings.appid != appid) continue;
    if (!steal) app.tokens.expire_all(now_us);
    if (steal && which != "stable") app.tokens.steal_ordinary(now_us);
    if (steal && which != "ordinary") app.tokens.steal_stable(now_us);
  }
  return {};
}

sim_answer control_api::reset(const sim_request& request) {
  bool tokens = false;
  if (!request.body.empty()) {
    boost::system::error_code failed;
    auto parsed = json::parse(request.body, failed);
    if (failed || !parsed.is_object()) return problem(400, "the body must be empty or {\"tokens\":true}");
    const auto* field = parsed.get_object().if_contains("tokens");
    tokens = field != nullptr && field->is_bool() && field->get_bool();
  }
  state_.reset(tokens);
  return plain(200, json::object{{"ok", true}});
}

} // namespace qrwell::sim
