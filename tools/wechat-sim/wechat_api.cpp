#include "tools/wechat-sim/wechat_api.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/answer_faults.hpp"
#include "tools/wechat-sim/error_text.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view code_path = "/wxa/getwxacodeunlimit";
constexpr std::string_view token_path = "/cgi-bin/token";
constexpr std::string_view stable_token_path = "/cgi-bin/stable_token";
constexpr std::string_view quota_path = "/cgi-bin/openapi/quota/get";
// What quota/get shows when there is no daily limit: a client must not read it as "nothing left".
constexpr uint64_t no_daily_limit = 100'000'000;

sim_answer json_answer(std::string body) {
  return {200, "application/json; encoding=utf-8", std::make_shared<const std::string>(std::move(body))};
}

std::string text_field(const json::object& fields, std::string_view name) {
  const auto* value = fields.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::optional<json::object> parse_object(std::string_view body) {
  boost::system::error_code failed;
  auto parsed = json::parse(body, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

/// Errors that WeChat gives before it counts a call.
bool comes_before_the_count(int code) {
  constexpr std::array codes{40001, 40014, 40164, 41001, 42001, 45009, 45011, 48001};
  return std::ranges::find(codes, code) != codes.end();
}

int token_error(token_state state) {
  return state == token_state::expired ? 42001 : 40001;
}

} // namespace

sim_answer wechat_api::handle(const sim_request& request, int64_t now_us) {
  auto answer = route(request, now_us);
  const auto& live = state_.live;
  answer.delay_ms += std::uniform_int_distribution<int64_t>{live.latency_min_ms, live.latency_max_ms}(state_.random);
  return answer;
}

sim_answer wechat_api::route(const sim_request& request, int64_t now_us) {
  if (request.path == code_path) return create_code(request, now_us);
  if (request.path == token_path) return token(request, now_us);
  if (request.path == stable_token_path) return stable_token(request, now_us);
  if (request.path == quota_path) return quota_get(request, now_us);
  return error(nullptr, 40066, now_us);
}

sim_answer wechat_api::token(const sim_request& request, int64_t now_us) {
  if (request.method != "GET") return error(nullptr, 43001, now_us);
  return token_call(query_value(request.query, "appid"), query_value(request.query, "grant_type"),
                    query_value(request.query, "secret"), std::nullopt, now_us);
}

sim_answer wechat_api::stable_token(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return error(nullptr, 43002, now_us);
  auto fields = parse_object(request.body);
  if (!fields) return error(nullptr, 47001, now_us);
  const auto* force = fields->if_contains("force_refresh");
  if (force != nullptr && !force->is_bool()) return error(nullptr, 47001, now_us);
  return token_call(text_field(*fields, "appid"), text_field(*fields, "grant_type"), text_field(*fields, "secret"),
                    force != nullptr && force->get_bool(), now_us);
}

sim_answer wechat_api::token_call(std::string_view appid, std::string_view grant_type, std::string_view secret,
                                  std::optional<bool> stable_force, int64_t now_us) {
  // The appid is looked at first; that much was observed.
  if (appid.empty()) return error(nullptr, 41002, now_us);
  auto* app = state_.app_named(appid);
  if (app == nullptr) return error(nullptr, 40013, now_us);
  auto& counts = app->counts;
  ++counts.token_calls;
  auto hit = state_.faults.strike(true, appid);
  if (hit && replaces_answer(*hit)) {
    auto answer = error(app, hit->code, now_us);
    disturb(answer, *hit, state_.random);
    return answer;
  }
  if (grant_type != "client_credential") return error(app, 40002, now_us);
  if (secret.empty()) return error(app, 41004, now_us);
  if (secret != app->settings.secret) return error(app, 40125, now_us);
  token_answer granted;
  if (stable_force) {
    if (counts.stable_minute.in_last_minute(now_us) >= state_.live.stable_calls_per_minute)
      return error(app, 45011, now_us);
    if (counts.stable_today.today(now_us) >= state_.live.stable_calls_per_day) return error(app, 45009, now_us);
    counts.stable_minute.add(now_us);
    counts.stable_today.add(now_us);
    granted = app->tokens.stable(now_us, *stable_force);
  } else {
    if (counts.token_today.today(now_us) >= state_.live.token_calls_per_day) return error(app, 45009, now_us);
    counts.token_today.add(now_us);
    granted = app->tokens.issue(now_us);
  }
  auto answer =
      json_answer(fmt::format(R"({{"access_token":"{}","expires_in":{}}})", granted.token, granted.expires_in_s));
  if (hit) disturb(answer, *hit, state_.random);
  return answer;
}

sim_answer wechat_api::quota_get(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return error(nullptr, 43002, now_us);
  auto token = query_value(request.query, "access_token");
  if (token.empty()) return error(nullptr, 41001, now_us);
  auto* app = state_.app_of_token(token);
  if (app == nullptr) return error(nullptr, 40001, now_us);
  if (auto valid = app->tokens.check(token, now_us); valid != token_state::valid)
    return error(app, token_error(valid), now_us);
  if (request.body.empty()) return error(app, 44002, now_us);
  auto fields = parse_object(request.body);
  if (!fields) return error(app, 47001, now_us);
  auto path = text_field(*fields, "cgi_path");
  const auto& live = state_.live;
  struct {
    uint64_t daily;
    uint64_t used;
    uint64_t minute;
  } quota{};
  if (path == code_path)
    quota = {live.limit_per_day, app->counts.charged_today.today(now_us), live.limit_per_minute};
  else if (path == token_path)
    quota = {live.token_calls_per_day, app->counts.token_today.today(now_us), 0};
  else if (path == stable_token_path)
    quota = {live.stable_calls_per_day, app->counts.stable_today.today(now_us), live.stable_calls_per_minute};
  else
    return error(app, 76021, now_us);
  auto daily = quota.daily == 0 ? no_daily_limit : quota.daily;
  json::object rate_limit;
  if (quota.minute > 0) rate_limit = {{"call_count", quota.minute}, {"refresh_second", 60}};
  json::object body{
      {"errcode", 0},
      {"errmsg", "ok"},
      {"quota", {{"daily_limit", daily}, {"used", quota.used}, {"remain", daily - std::min(daily, quota.used)}}},
      {"rate_limit", rate_limit},
      {"component_rate_limit", json::object{}}};
  return json_answer(json::serialize(body));
}

sim_answer wechat_api::create_code(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return error(nullptr, 43002, now_us);
  auto token = query_value(request.query, "access_token");
  if (token.empty()) return error(nullptr, 41001, now_us);
  auto* app = state_.app_of_token(token);
  if (app == nullptr) return error(nullptr, 40001, now_us);
  app->counts.arrivals.add(now_us);
  auto hit = state_.faults.strike(false, app->settings.appid);
  if (hit && hit->kind == fault_kind::steal_token) {
    app->tokens.steal_ordinary(now_us);
    app->tokens.steal_stable(now_us);
  }
  if (hit && hit->kind == fault_kind::expire_token) app->tokens.expire_all(now_us);
  if (auto valid = app->tokens.check(token, now_us); valid != token_state::valid)
    return error(app, token_error(valid), now_us);
  bool early = hit && replaces_answer(*hit) && comes_before_the_count(hit->code);
  if (!early) {
    if (int code = quota_error(*app, now_us); code != 0) return error(app, code, now_us);
    app->counts.charged.add(now_us);
    app->counts.charged_today.add(now_us);
  }
  if (hit && replaces_answer(*hit)) {
    auto answer = error(app, hit->code, now_us);
    disturb(answer, *hit, state_.random);
    return answer;
  }
  return charged_code(*app, request, hit, now_us);
}

sim_answer wechat_api::charged_code(app_state& app, const sim_request& request, const std::optional<fault>& hit,
                                    int64_t now_us) {
  auto parsed = parse_code_request(request.body);
  if (auto* code = std::get_if<int>(&parsed)) return error(&app, *code, now_us);
  auto& wanted = std::get<code_request>(parsed);
  if (hit && hit->kind == fault_kind::refuse_ampersand && wanted.scene.find('&') != std::string::npos)
    return error(&app, 40129, now_us);
  if (!page_passes(app, wanted)) return error(&app, 41030, now_us);
  return print_code(app, std::move(wanted), hit, now_us);
}

sim_answer wechat_api::print_code(app_state& app, code_request wanted, const std::optional<fault>& hit,
                                  int64_t now_us) {
  auto& counts = app.counts;
  auto scene_hash = std::hash<std::string>{}(wanted.scene);
  if (counts.scenes.contains(scene_hash))
    ++counts.scenes_repeated;
  else if (counts.scenes.size() < app_counts::scenes_max)
    counts.scenes.insert(scene_hash);
  served_scene record{app.settings.appid, wanted.scene, wanted.page, now_us, nullptr};
  if (hit && hit->kind == fault_kind::wrong_size) wanted.width = wanted.width == 280 ? 430 : 280;
  if (hit && hit->kind == fault_kind::same_bytes) wanted.scene = "same";
  sim_answer answer;
  answer.content_type = wanted.is_hyaline ? "image/png" : "image/jpeg";
  answer.body = std::make_shared<const std::string>(state_.press.print(app.settings.appid, wanted));
  if (hit) disturb(answer, *hit, state_.random);
  ++counts.images;
  record.body = answer.body;
  state_.scenes.add(std::move(record));
  return answer;
}

int wechat_api::quota_error(app_state& app, int64_t now_us) const {
  const auto& live = state_.live;
  if (live.limit_per_day > 0 && app.counts.charged_today.today(now_us) >= live.limit_per_day) return 45009;
  return app.counts.charged.in_last_minute(now_us) >= live.limit_per_minute ? live.limit_code : 0;
}

bool wechat_api::page_passes(app_state& app, const code_request& wanted) const {
  const auto& released = state_.live.pages;
  if (wanted.page.empty() || released.empty() || std::ranges::find(released, wanted.page) != released.end())
    return true;
  if (wanted.check_path) return false;
  auto& others = app.counts.unreleased_pages;
  auto hash = std::hash<std::string>{}(wanted.page);
  if (others.contains(hash)) return true;
  if (others.size() == app_counts::unreleased_pages_max) return false;
  others.insert(hash);
  return true;
}

sim_answer wechat_api::error(app_state* app, int code, int64_t now_us) {
  if (app != nullptr) ++app->counts.refused[code];
  return json_answer(error_body(code, state_.new_rid(now_us)));
}

} // namespace qrwell::sim
