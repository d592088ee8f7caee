#include "tools/wechat-sim/wechat_api.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr std::string_view code_path = "/wxa/getwxacodeunlimit";
constexpr std::string_view token_path = "/cgi-bin/token";
constexpr std::string_view stable_token_path = "/cgi-bin/stable_token";
constexpr std::string_view quota_path = "/cgi-bin/openapi/quota/get";

struct quota_of_path {
  uint64_t daily; // 0: no limit
  uint64_t used;
  uint64_t minute; // 0: no limit
};

std::optional<quota_of_path> find_quota(std::string_view path, const sim_settings& live, const app_counts& counts,
                                        int64_t now_us) {
  if (path == code_path)
    return quota_of_path{live.limit_per_day, counts.charged_today.today(now_us), live.limit_per_minute};
  if (path == token_path) return quota_of_path{live.token_calls_per_day, counts.token_today.today(now_us), 0};
  if (path == stable_token_path)
    return quota_of_path{live.stable_calls_per_day, counts.stable_today.today(now_us), live.stable_calls_per_minute};
  return std::nullopt;
}

json::object describe(const quota_of_path& quota) {
  // A large number where there is no daily limit: a client must not read it as "nothing left".
  constexpr uint64_t no_daily_limit = 100'000'000;
  auto daily = quota.daily == 0 ? no_daily_limit : quota.daily;
  json::object numbers{{"daily_limit", daily}, {"used", quota.used}, {"remain", daily - std::min(daily, quota.used)}};
  json::object rate;
  if (quota.minute > 0) rate = {{"call_count", quota.minute}, {"refresh_second", 60}};
  return {{"errcode", 0},
          {"errmsg", "ok"},
          {"quota", numbers},
          {"rate_limit", rate},
          {"component_rate_limit", json::object{}}};
}

} // namespace

sim_answer wechat_api::handle(const sim_request& request, int64_t now_us) {
  auto answer = route(request, now_us);
  const auto& live = state_.live;
  answer.delay_ms += std::uniform_int_distribution<int64_t>{live.latency_min_ms, live.latency_max_ms}(state_.random);
  return answer;
}

sim_answer wechat_api::route(const sim_request& request, int64_t now_us) {
  if (request.path == code_path) return codes_.create(request, now_us);
  if (request.path == token_path) return tokens_.ordinary(request, now_us);
  if (request.path == stable_token_path) return tokens_.stable(request, now_us);
  if (request.path == quota_path) return show_quota(request, now_us);
  return refuse(state_, nullptr, 40066, now_us);
}

sim_answer wechat_api::show_quota(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return refuse(state_, nullptr, 43002, now_us);
  auto token = query_value(request.query, "access_token");
  if (token.empty()) return refuse(state_, nullptr, 41001, now_us);
  auto* app = state_.app_of_token(token);
  if (app == nullptr) return refuse(state_, nullptr, 40001, now_us);
  if (auto valid = app->tokens.check(token, now_us); valid != token_state::valid)
    return refuse(state_, app, token_error(valid), now_us);
  if (request.body.empty()) return refuse(state_, app, 44002, now_us);
  auto fields = parse_object(request.body);
  if (!fields) return refuse(state_, app, 47001, now_us);
  auto quota = find_quota(text_field(*fields, "cgi_path"), state_.live, app->counts, now_us);
  if (!quota) return refuse(state_, app, 76021, now_us);
  return json_answer(json::serialize(describe(*quota)));
}

} // namespace qrwell::sim
