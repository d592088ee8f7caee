#pragma once

#include <algorithm>
#include <cstdint>

namespace qrwell {

/// Holds a pool to a window's share of the quota. At the full share it does not count: the quota manager paces.
class share_bucket {
public:
  /// Units that may be asked for now, at `share` of `per_minute` units.
  uint32_t available(double share, double per_minute, int64_t mono_ms) {
    if (share >= 1)
      units_ = burst;
    else
      units_ = std::min(burst, units_ + share * per_minute / 60'000 * static_cast<double>(mono_ms - at_ms_));
    at_ms_ = mono_ms;
    return units_ < 1 ? 0 : static_cast<uint32_t>(units_);
  }
  void used(uint32_t units) noexcept { units_ -= units; }
  void unused(uint32_t units) noexcept { units_ += units; }

private:
  static constexpr double burst = 16;
  double units_ = burst;
  int64_t at_ms_ = 0;
};

/// Growing pauses while every call fails, so that an outage does not eat the quota: 1 s, doubling up to 60 s, until
/// one succeeds.
class back_off {
public:
  void failed(int64_t mono_ms) {
    if (mono_ms < until_ms_) return; // calls of the same outage
    delay_ms_ = std::clamp<int64_t>(delay_ms_ * 2, 1'000, 60'000);
    until_ms_ = mono_ms + delay_ms_;
  }
  void succeeded() noexcept { delay_ms_ = until_ms_ = 0; }
  bool troubled() const noexcept { return delay_ms_ != 0; }
  int64_t until_ms() const noexcept { return until_ms_; }
  int64_t delay_ms() const noexcept { return delay_ms_; } ///< of the last pause

private:
  int64_t delay_ms_ = 0, until_ms_ = 0;
};

} // namespace qrwell
