#pragma once

#include <cstdint>
#include <optional>

#include "tools/wechat-sim/code_request.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// The calls of api.weixin.qq.com. Business errors are HTTP 200 with a JSON body, as WeChat has it.
class wechat_api {
public:
  explicit wechat_api(sim_state& state)
      : state_(state) {}

  /// `now_us`: microseconds since the Unix epoch at which the request had arrived; must not go back.
  sim_answer handle(const sim_request& request, int64_t now_us);

private:
  sim_answer route(const sim_request& request, int64_t now_us);
  sim_answer token(const sim_request& request, int64_t now_us);
  sim_answer stable_token(const sim_request& request, int64_t now_us);
  sim_answer token_call(std::string_view appid, std::string_view grant_type, std::string_view secret,
                        std::optional<bool> stable_force, int64_t now_us);
  sim_answer quota_get(const sim_request& request, int64_t now_us);

  sim_answer create_code(const sim_request& request, int64_t now_us);
  sim_answer charged_code(app_state& app, const sim_request& request, const std::optional<fault>& hit, int64_t now_us);
  sim_answer print_code(app_state& app, code_request wanted, const std::optional<fault>& hit, int64_t now_us);
  /// The error that the quota gives to a call now, 0 if it may pass.
  int quota_error(app_state& app, int64_t now_us) const;
  bool page_passes(app_state& app, const code_request& wanted) const;

  sim_answer error(app_state* app, int code, int64_t now_us);

  sim_state& state_;
};

} // namespace qrwell::sim
