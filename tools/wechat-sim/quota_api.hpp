#pragma once

#include <cstdint>

#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// What a caller may ask and do about its quotas: openapi/quota/get and quota/clear, clear_quota and clear_quota/v2.
class quota_api {
public:
  explicit quota_api(sim_state& state)
      : state_(state) {}

  /// POST /cgi-bin/openapi/quota/get: what is left of one call's quota.
  sim_answer show(const sim_request& request, int64_t now_us);
  /// POST /cgi-bin/openapi/quota/clear: the daily count of one call to zero, 50 times a month.
  sim_answer clear_path(const sim_request& request, int64_t now_us);
  /// POST /cgi-bin/clear_quota: all daily counts to zero, 10 times a month.
  sim_answer clear_all(const sim_request& request, int64_t now_us);
  /// POST /cgi-bin/clear_quota/v2: the same by appid and secret, of the same 10.
  sim_answer clear_by_secret(const sim_request& request, int64_t now_us);

private:
  sim_answer clear(app_state& app, const sim_request& request, int64_t now_us);

  sim_state& state_;
};

} // namespace qrwell::sim
