#pragma once

#include <algorithm>
#include <cstdint>

namespace qrwell {

/// Spreads grants over the minute: a unit each 60/N * 0.98 s, in bursts of one grant, so that units cool down as evenly
/// as they were used and stock does not come in one gulp a minute. Never a matter of safety: the book alone is.
///
/// Time in which nothing could be handed out is made up for, up to four grants: otherwise each gap would leave a bunch
/// of units that a pace of only 2 % above the limit takes minutes to work off (measured: 0.3 % of the throughput).
class pace {
public:
  /// When the next grant may go out; in the past: now.
  int64_t next_ms() const noexcept { return static_cast<int64_t>(next_ms_); }

  /// `units` went out; `per_minute`: the limit that holds now.
  void used(uint32_t units, uint32_t per_minute, int64_t now_ms) noexcept {
    auto unit_ms = 60'000.0 / std::max(1u, per_minute) * 0.98;
    next_ms_ = std::max(next_ms_, static_cast<double>(now_ms) - unit_ms * saved_units_max) + unit_ms * units;
  }

private:
  static constexpr uint32_t saved_units_max = 64; // four grants
  double next_ms_ = -1e15;
};

} // namespace qrwell
