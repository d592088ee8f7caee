#pragma once

#include <cstdint>
#include <optional>

#include "tools/wechat-sim/code_request.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// POST /wxa/getwxacodeunlimit. Order of the checks: method, token, quota, then the body as parse_code_request has it,
/// released page, picture.
class code_api {
public:
  explicit code_api(sim_state& state)
      : state_(state) {}

  sim_answer create(const sim_request& request, int64_t now_us);

private:
  using hit = std::optional<fault>;

  sim_answer create_charged(app_state& app, const sim_request& request, const hit& struck, int64_t now_us);
  /// An error, on the same bad way as an image would be.
  sim_answer refuse_disturbed(app_state& app, int code, const sim_request& request, const hit& struck, int64_t now_us);
  sim_answer print(app_state& app, code_request wanted, const hit& struck, int64_t now_us);
  /// The error that the quota gives to a call now, 0 if it may pass.
  int quota_error(app_state& app, int64_t now_us) const;
  bool page_passes(app_state& app, const code_request& wanted) const;

  sim_state& state_;
};

} // namespace qrwell::sim
