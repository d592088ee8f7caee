#pragma once

#include <cstdint>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// What GET /sim/state shows: counts per app, limits, faults, hosts, connections.
boost::json::object report(sim_state& state, int64_t now_us);

} // namespace qrwell::sim
