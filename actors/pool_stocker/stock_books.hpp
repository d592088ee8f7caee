#pragma once

#include <cstdint>
#include <deque>

namespace qrwell {

/// What became of the last codes: how many were stocked in the last minute, and how many of the last 100 that were
/// decided are dead. An id that failed at first and came in the end is not dead.
class stock_books {
public:
  static constexpr uint32_t decided_max = 100, dead_allowed = 10;

  void stocked(uint32_t count, int64_t mono_ms);
  void dead(uint32_t count);

  /// More than 10 % of the last 100 died: something is wrong that does not mend itself, and each try costs quota. Known
  /// after 11 dead, if fewer than 100 are decided.
  bool too_many_dead() const noexcept { return dead_last_ > dead_allowed; }
  uint32_t dead_last() const noexcept { return dead_last_; }
  uint32_t decided_last() const noexcept { return static_cast<uint32_t>(decided_.size()); }

  /// After a person has looked: begins anew.
  void forgive() {
    decided_.clear();
    dead_last_ = 0;
  }

  /// Codes stocked in the last 60 s.
  uint64_t per_minute(int64_t mono_ms);

private:
  void decide(bool is_dead);

  std::deque<bool> decided_; // true: dead
  uint32_t dead_last_ = 0;
  std::deque<std::pair<int64_t, uint32_t>> stocked_; // second, codes
  uint64_t stocked_sum_ = 0;
};

} // namespace qrwell
