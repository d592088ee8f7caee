#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "tools/wechat-sim/control_api.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_settings.hpp"
#include "tools/wechat-sim/sim_state.hpp"
#include "tools/wechat-sim/wechat_api.hpp"

namespace qrwell::sim {

/// A simulated WeChat without sockets, threads or clocks: a request and a time go in, an answer comes out.
class sim_core {
public:
  explicit sim_core(sim_settings settings)
      : state_(std::move(settings))
      , wechat_(state_)
      , control_(state_) {}
  sim_core(const sim_core&) = delete;
  sim_core& operator=(const sim_core&) = delete;

  /// `now_us`: microseconds since the Unix epoch at which the request had arrived; must not go back.
  sim_answer handle(const sim_request& request, int64_t now_us) {
    return request.path.starts_with("/sim/") ? control_.handle(request, now_us) : wechat_.handle(request, now_us);
  }

  /// For the shell, which counts connections.
  void connection_opened() {
    ++state_.connections_accepted;
    state_.connections_open_max = std::max(state_.connections_open_max, ++state_.connections_open);
  }
  void connection_closed() { --state_.connections_open; }

private:
  sim_state state_;
  wechat_api wechat_;
  control_api control_;
};

} // namespace qrwell::sim
