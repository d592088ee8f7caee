#pragma once

#include <cstdint>

namespace qrwell::sim {

/// Microseconds since the Unix epoch that never go back: the wall clock at the start, and the steady clock since.
int64_t now_us();

} // namespace qrwell::sim
