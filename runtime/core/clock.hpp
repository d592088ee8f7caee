#pragma once

#include <caf/local_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

namespace qrwell {

/// Steady milliseconds of an actor's clock: virtual in tests. Cores get this (or Unix milliseconds) as an argument and
/// never read a clock.
inline int64_t mono_ms(caf::local_actor* self) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(self->clock().now().time_since_epoch()).count();
}

/// Wall time for what people see and for expiry; never for safety. Tests hand in one that follows the virtual clock.
using wall_clock = std::function<int64_t()>;

inline int64_t system_wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace qrwell
