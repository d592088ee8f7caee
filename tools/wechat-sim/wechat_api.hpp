#pragma once

#include <cstdint>

#include "tools/wechat-sim/code_api.hpp"
#include "tools/wechat-sim/diagnosis_api.hpp"
#include "tools/wechat-sim/quota_api.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"
#include "tools/wechat-sim/token_api.hpp"

namespace qrwell::sim {

/// The calls of api.weixin.qq.com. Business errors are HTTP 200 with a JSON body, as WeChat has it.
class wechat_api {
public:
  explicit wechat_api(sim_state& state)
      : state_(state)
      , tokens_(state)
      , codes_(state)
      , quotas_(state)
      , diagnosis_(state) {}

  /// `now_us`: microseconds since the Unix epoch at which the request had arrived; must not go back.
  sim_answer handle(const sim_request& request, int64_t now_us);

private:
  sim_answer route(const sim_request& request, int64_t now_us);

  sim_state& state_;
  token_api tokens_;
  code_api codes_;
  quota_api quotas_;
  diagnosis_api diagnosis_;
};

} // namespace qrwell::sim
