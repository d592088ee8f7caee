#pragma once

#include <cstdint>
#include <string>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// What became of a command.
struct commanded {
  /// What is wrong with it; empty: it was carried out.
  std::string problem = {};
  /// The fault that is in force now, to be removed by this; 0: the command was no lasting fault.
  uint64_t fault_id = 0;
};

/// Carries out one object of POST /sim/faults: a fault, a setting (latency, limit, ip_list), an event (steal_token,
/// expire_token), or none. A wrong one changes nothing.
commanded carry_out(sim_state& state, const boost::json::object& fields, int64_t now_us);

} // namespace qrwell::sim
