#include "tools/wechat-sim/quota_api.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

/// A call with a quota of its own.
struct counted_path {
  std::string_view path;
  uint64_t sim_settings::*daily; // 0: no limit
  day_counter app_counts::*used;
  uint64_t sim_settings::*minute; // null: no limit
};

constexpr std::array counted_paths{
    counted_path{"/wxa/getwxacodeunlimit", &sim_settings::limit_per_day, &app_counts::charged_today,
                 &sim_settings::limit_per_minute},
    counted_path{"/cgi-bin/token", &sim_settings::token_calls_per_day, &app_counts::token_today, nullptr},
    counted_path{"/cgi-bin/stable_token", &sim_settings::stable_calls_per_day, &app_counts::stable_today,
                 &sim_settings::stable_calls_per_minute},
};

const counted_path* find_path(std::string_view path) {
  const auto* found = std::ranges::find(counted_paths, path, &counted_path::path);
  return found == counted_paths.end() ? nullptr : found;
}

json::object describe(const counted_path& path, const sim_settings& live, const app_counts& counts, int64_t now_us) {
  // A large number where there is no daily limit: a client must not read it as "nothing left".
  constexpr uint64_t no_daily_limit = 100'000'000;
  auto daily = live.*path.daily == 0 ? no_daily_limit : live.*path.daily;
  auto used = (counts.*path.used).today(now_us);
  json::object numbers{{"daily_limit", daily}, {"used", used}, {"remain", daily - std::min(daily, used)}};
  json::object rate;
  if (path.minute != nullptr) rate = {{"call_count", live.*path.minute}, {"refresh_second", 60}};
  return {{"errcode", 0},
          {"errmsg", "ok"},
          {"quota", numbers},
          {"rate_limit", rate},
          {"component_rate_limit", json::object{}}};
}

sim_answer done() {
  return json_answer(R"({"errcode":0,"errmsg":"ok"})");
}

/// The checks that the calls with a token and a body share: the error, or 0 with the body's fields.
int read_call(sim_state& state, const sim_request& request, int64_t now_us, app_state*& app, json::object& fields) {
  if (request.method != "POST") return 43002;
  auto who = caller_of(state, request, now_us);
  app = who.app;
  if (who.code != 0) return who.code;
  if (request.body.empty()) return 44002;
  auto parsed = parse_object(request.body);
  if (!parsed) return 47001;
  fields = std::move(*parsed);
  return 0;
}

} // namespace

sim_answer quota_api::show(const sim_request& request, int64_t now_us) {
  app_state* app = nullptr;
  json::object fields;
  if (int code = read_call(state_, request, now_us, app, fields); code != 0)
    return refuse(state_, app, code, request, now_us);
  const auto* path = find_path(text_field(fields, "cgi_path"));
  if (path == nullptr) return refuse(state_, app, 76021, request, now_us);
  return json_answer(json::serialize(describe(*path, state_.live, app->counts, now_us)));
}

sim_answer quota_api::clear_path(const sim_request& request, int64_t now_us) {
  app_state* app = nullptr;
  json::object fields;
  if (int code = read_call(state_, request, now_us, app, fields); code != 0)
    return refuse(state_, app, code, request, now_us);
  const auto* path = find_path(text_field(fields, "cgi_path"));
  if (path == nullptr) return refuse(state_, app, 76021, request, now_us);
  auto& counts = app->counts;
  if (counts.path_clears.this_month(now_us) >= state_.live.path_clears_per_month)
    return refuse(state_, app, 45009, request, now_us);
  counts.path_clears.add(now_us);
  (counts.*path->used).clear();
  return done();
}

sim_answer quota_api::clear_all(const sim_request& request, int64_t now_us) {
  app_state* app = nullptr;
  json::object fields;
  if (int code = read_call(state_, request, now_us, app, fields); code != 0)
    return refuse(state_, app, code, request, now_us);
  if (text_field(fields, "appid") != app->settings.appid) return refuse(state_, app, 40013, request, now_us);
  return clear(*app, request, now_us);
}

sim_answer quota_api::clear_by_secret(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return refuse(state_, nullptr, 43002, request, now_us);
  // Documented as parameters; the query and the body are both seen in the wild.
  auto fields = parse_object(request.body).value_or(json::object{});
  auto given = [&](std::string_view name) {
    auto text = text_field(fields, name);
    return text.empty() ? query_value(request.query, name) : text;
  };
  auto appid = given("appid");
  auto secret = given("appsecret");
  if (appid.empty()) return refuse(state_, nullptr, 41002, request, now_us);
  auto* app = state_.app_named(appid);
  if (app == nullptr) return refuse(state_, nullptr, 40013, request, now_us);
  if (secret.empty()) return refuse(state_, app, 41004, request, now_us);
  if (secret != app->settings.secret) return refuse(state_, app, state_.live.bad_secret_code, request, now_us);
  return clear(*app, request, now_us);
}

sim_answer quota_api::clear(app_state& app, const sim_request& request, int64_t now_us) {
  auto& counts = app.counts;
  if (counts.clears.this_month(now_us) >= state_.live.clears_per_month)
    return refuse(state_, &app, 48006, request, now_us);
  counts.clears.add(now_us);
  for (const auto& path : counted_paths) (counts.*path.used).clear();
  return done();
}

} // namespace qrwell::sim
