#include "tools/wechat-sim/code_api.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "tools/wechat-sim/answer_faults.hpp"
#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace {

/// Errors that WeChat gives before it counts a call.
bool comes_before_the_count(int code) {
  constexpr std::array codes{40001, 40014, 40164, 41001, 42001, 45009, 45011, 48001};
  return std::ranges::find(codes, code) != codes.end();
}

void charge(app_counts& counts, int64_t now_us) {
  counts.charged.add(now_us);
  counts.charged_this_minute.add(now_us);
  counts.charged_today.add(now_us);
}

void note_scene(app_counts& counts, const std::string& scene) {
  auto hash = std::hash<std::string>{}(scene);
  if (counts.scenes.contains(hash))
    ++counts.scenes_repeated;
  else if (counts.scenes.size() < app_counts::scenes_max)
    counts.scenes.insert(hash);
}

} // namespace

sim_answer code_api::create(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return refuse(state_, nullptr, 43002, request, now_us);
  auto token = query_value(request.query, "access_token");
  if (token.empty()) return refuse(state_, nullptr, 41001, request, now_us);
  auto* app = state_.app_of_token(token);
  if (app == nullptr) return refuse(state_, nullptr, 40001, request, now_us);
  app->counts.arrivals.add(now_us);
  auto struck = state_.faults.strike({fault_point::code, app->settings.appid, request.host, request.listener});
  if (struck && struck->kind == fault_kind::steal_token) {
    app->tokens.steal_ordinary(now_us);
    app->tokens.steal_stable(now_us);
  }
  if (struck && struck->kind == fault_kind::expire_token) app->tokens.expire_all(now_us);
  if (auto valid = app->tokens.check(token, now_us); valid != token_state::valid)
    return refuse_disturbed(*app, token_error(valid), request, struck, now_us);
  if (!state_.live.allows(request.client_ip)) return refuse_disturbed(*app, 40164, request, struck, now_us);
  bool replaced = struck && replaces_answer(*struck);
  if (!replaced || !comes_before_the_count(struck->code)) {
    auto rule = state_.live.charge;
    int code = quota_error(*app, now_us);
    if (rule == charge_rule::all || (rule == charge_rule::passed && code == 0)) charge(app->counts, now_us);
    if (code != 0) return refuse_disturbed(*app, code, request, struck, now_us);
  }
  if (!replaced) return create_charged(*app, request, struck, now_us);
  auto answer = refuse(state_, app, struck->code, request, now_us);
  disturb(answer, *struck, state_.random);
  return answer;
}

sim_answer code_api::create_charged(app_state& app, const sim_request& request, const hit& struck, int64_t now_us) {
  auto parsed = parse_code_request(request.body, {state_.live.bad_body_code, state_.live.bad_width_code});
  if (auto* code = std::get_if<int>(&parsed)) return refuse_disturbed(app, *code, request, struck, now_us);
  auto& wanted = std::get<code_request>(parsed);
  bool ampersand = wanted.scene.find('&') != std::string::npos;
  if (ampersand && struck && struck->kind == fault_kind::refuse_ampersand)
    return refuse(state_, &app, 40129, request, now_us);
  if (!page_passes(app, wanted)) return refuse_disturbed(app, 41030, request, struck, now_us);
  if (state_.live.charge == charge_rule::images) charge(app.counts, now_us);
  return print(app, std::move(wanted), struck, now_us);
}

sim_answer code_api::refuse_disturbed(app_state& app, int code, const sim_request& request, const hit& struck,
                                      int64_t now_us) {
  auto answer = refuse(state_, &app, code, request, now_us);
  if (struck && is_about_delivery(*struck)) disturb(answer, *struck, state_.random);
  return answer;
}

sim_answer code_api::print(app_state& app, code_request wanted, const hit& struck, int64_t now_us) {
  note_scene(app.counts, wanted.scene);
  served_scene record{app.settings.appid, wanted.scene, wanted.page, now_us, nullptr};
  if (struck && struck->kind == fault_kind::wrong_size) wanted.width = wanted.width == 280 ? 430 : 280;
  if (struck && struck->kind == fault_kind::same_bytes) wanted.scene = "same";
  sim_answer answer;
  answer.content_type = wanted.is_hyaline ? "image/png" : "image/jpeg";
  answer.body = std::make_shared<const std::string>(state_.press.print(app.settings.appid, wanted));
  if (struck) disturb(answer, *struck, state_.random);
  ++app.counts.images;
  record.body = answer.body;
  state_.scenes.add(std::move(record));
  return answer;
}

int code_api::quota_error(app_state& app, int64_t now_us) const {
  const auto& live = state_.live;
  if (live.limit_per_day > 0 && app.counts.charged_today.today(now_us) >= live.limit_per_day) return 45009;
  auto used = live.window == window_kind::fixed ? app.counts.charged_this_minute.this_minute(now_us)
                                                : app.counts.charged.in_last_minute(now_us);
  return used >= live.limit_per_minute ? live.limit_code : 0;
}

bool code_api::page_passes(app_state& app, const code_request& wanted) const {
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

} // namespace qrwell::sim
