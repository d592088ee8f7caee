#include "tools/wechat-sim/token_api.hpp"

#include <fmt/format.h>

#include "tools/wechat-sim/answer_faults.hpp"
#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

sim_answer token_api::ordinary(const sim_request& request, int64_t now_us) {
  if (request.method != "GET") return refuse(state_, nullptr, 43001, request, now_us);
  auto appid = query_value(request.query, "appid");
  auto grant_type = query_value(request.query, "grant_type");
  auto secret = query_value(request.query, "secret");
  return grant({appid, grant_type, secret}, mode::ordinary, request, now_us);
}

sim_answer token_api::stable(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return refuse(state_, nullptr, 43002, request, now_us);
  auto fields = parse_object(request.body);
  if (!fields) return refuse(state_, nullptr, 47001, request, now_us);
  const auto* force = fields->if_contains("force_refresh");
  if (force != nullptr && !force->is_bool()) return refuse(state_, nullptr, 47001, request, now_us);
  auto appid = text_field(*fields, "appid");
  auto grant_type = text_field(*fields, "grant_type");
  auto secret = text_field(*fields, "secret");
  bool forced = force != nullptr && force->get_bool();
  return grant({appid, grant_type, secret}, forced ? mode::forced : mode::stable, request, now_us);
}

sim_answer token_api::grant(const credentials& given, mode wanted, const sim_request& request, int64_t now_us) {
  // The appid is looked at first; that much of the order was observed.
  if (given.appid.empty()) return refuse(state_, nullptr, 41002, request, now_us);
  auto* app = state_.app_named(given.appid);
  if (app == nullptr) return refuse(state_, nullptr, 40013, request, now_us);
  ++app->counts.token_calls;
  auto hit = state_.faults.strike({fault_point::token, given.appid, request.host, request.listener});
  if (hit && replaces_answer(*hit)) {
    auto answer = refuse(state_, app, hit->code, request, now_us);
    disturb(answer, *hit, state_.random);
    return answer;
  }
  if (int code = credentials_error(*app, given); code != 0) return refuse(state_, app, code, request, now_us);
  if (!state_.live.allows(request.client_ip)) return refuse(state_, app, 40164, request, now_us);
  if (int code = charge(app->counts, wanted, now_us); code != 0) return refuse(state_, app, code, request, now_us);
  auto granted =
      wanted == mode::ordinary ? app->tokens.issue(now_us) : app->tokens.stable(now_us, wanted == mode::forced);
  if (granted.code != 0) return refuse(state_, app, granted.code, request, now_us);
  auto answer =
      json_answer(fmt::format(R"({{"access_token":"{}","expires_in":{}}})", granted.token, granted.expires_in_s));
  if (hit) disturb(answer, *hit, state_.random);
  return answer;
}

int token_api::credentials_error(const app_state& app, const credentials& given) const {
  if (given.grant_type != "client_credential") return 40002;
  if (given.secret.empty()) return 41004;
  return given.secret == app.settings.secret ? 0 : state_.live.bad_secret_code;
}

int token_api::charge(app_counts& counts, mode wanted, int64_t now_us) const {
  const auto& live = state_.live;
  if (wanted == mode::ordinary) {
    if (counts.token_today.today(now_us) >= live.token_calls_per_day) return 45009;
    counts.token_today.add(now_us);
    return 0;
  }
  if (counts.stable_minute.in_last_minute(now_us) >= live.stable_calls_per_minute) return 45011;
  if (counts.stable_today.today(now_us) >= live.stable_calls_per_day) return 45009;
  counts.stable_minute.add(now_us);
  counts.stable_today.add(now_us);
  return 0;
}

} // namespace qrwell::sim
