#pragma once

#include <cstdint>

#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// What a caller may ask about what went wrong.
class diagnosis_api {
public:
  explicit diagnosis_api(sim_state& state)
      : state_(state) {}

  /// POST /cgi-bin/openapi/rid/get: the refused call that a rid names.
  sim_answer show_rid(const sim_request& request, int64_t now_us);
  /// GET /cgi-bin/get_api_domain_ip: the addresses to let out through a firewall.
  sim_answer show_addresses(const sim_request& request, int64_t now_us);

private:
  sim_state& state_;
};

} // namespace qrwell::sim
