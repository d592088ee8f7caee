#pragma once

#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// The calls below /sim/, by which a test watches the simulator and breaks things. See README.md.
class control_api {
public:
  explicit control_api(sim_state& state)
      : state_(state) {}

  sim_answer handle(const sim_request& request, int64_t now_us);

private:
  sim_answer show_state(int64_t now_us);
  sim_answer show_scenes(const sim_request& request) const;
  sim_answer set_faults(const sim_request& request, int64_t now_us);
  sim_answer reset(const sim_request& request);
  /// Carries out one fault or setting; returns what is wrong with it, or nothing.
  std::string apply(const boost::json::object& fields, int64_t now_us);
  std::string set_limit(const boost::json::object& fields);
  std::string set_latency(const boost::json::object& fields);
  std::string touch_tokens(const boost::json::object& fields, bool steal, int64_t now_us);

  sim_state& state_;
};

} // namespace qrwell::sim
