#pragma once

#include <random>

#include "tools/wechat-sim/fault_plan.hpp"
#include "tools/wechat-sim/sim_answer.hpp"

namespace qrwell::sim {

/// True for the faults that answer with an error instead of what was asked for.
bool replaces_answer(const fault& f);

/// True for the faults of the way that an answer takes, whatever it says.
bool is_about_delivery(const fault& f);

/// Does to an answer what the fault says: its bytes, its label, the way it is delivered. For a fault that replaces the
/// answer, the answer given must be the error.
void disturb(sim_answer& answer, const fault& f, std::mt19937_64& random);

} // namespace qrwell::sim
