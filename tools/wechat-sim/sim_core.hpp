#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "tools/wechat-sim/control_api.hpp"
#include "tools/wechat-sim/scenario.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_settings.hpp"
#include "tools/wechat-sim/sim_state.hpp"
#include "tools/wechat-sim/wechat_api.hpp"

namespace qrwell::sim {

/// A simulated WeChat without sockets, threads or clocks: a request and a time go in, an answer comes out.
/// All times are microseconds since the Unix epoch and must not go back.
class sim_core {
public:
  explicit sim_core(sim_settings settings)
      : state_(std::move(settings))
      , wechat_(state_)
      , control_(state_, scenario_) {}
  sim_core(const sim_core&) = delete;
  sim_core& operator=(const sim_core&) = delete;

  /// `now_us`: when the request had arrived.
  sim_answer handle(const sim_request& request, int64_t now_us) {
    scenario_.advance(state_, now_us);
    return control_api::is_for_it(request.path) ? control_.handle(request, now_us) : wechat_.handle(request, now_us);
  }

  void play(scenario_script script, int64_t now_us) { scenario_.start(state_, std::move(script), now_us); }

  /// The shell tells where it listens.
  void listening_on(std::string listener) { state_.listeners.push_back(std::move(listener)); }

  /// False if the connection is to be reset before anything is read from it.
  bool accepts(std::string_view listener, int64_t now_us) {
    scenario_.advance(state_, now_us);
    if (!state_.faults.strike({fault_point::accept, {}, {}, listener})) return true;
    ++state_.connections_refused;
    return false;
  }

  /// For the shell, which counts connections.
  void connection_opened() {
    ++state_.connections_accepted;
    state_.connections_open_max = std::max(state_.connections_open_max, ++state_.connections_open);
  }
  void connection_closed() { --state_.connections_open; }

private:
  sim_state state_;
  scenario_player scenario_;
  wechat_api wechat_;
  control_api control_;
};

} // namespace qrwell::sim
