#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace qrwell {

/// How many codes were issued in the last hour, to a second. For people: it says how long a stock lasts, and decides
/// nothing.
class demand_meter {
public:
  /// `issued` codes since the last call. From the first one on, the demand is being watched.
  void issued(uint64_t issued, int64_t mono_ms);

  /// Codes a second at present: of the last minute or of the last ten, whichever is more, so that a rush is seen at
  /// once and a pause of a moment does not hide the demand; else of the hour. 0: none was seen.
  double per_s(int64_t mono_ms);

  /// Minutes until `level` codes are issued at the present demand, if no more come; -1: no demand was seen.
  double minutes_left(uint64_t level, int64_t mono_ms);

  /// The same in words, or what is known of the demand.
  std::string outlook(uint64_t level, int64_t mono_ms);

private:
  uint64_t since(int64_t mono_ms) const;
  double per_s_over(int64_t span_ms, int64_t mono_ms) const;
  void forget(int64_t mono_ms);

  static constexpr int64_t slot_ms = 1'000;
  std::deque<std::pair<int64_t, uint64_t>> slots_; // number of the slot, codes; none with 0
  int64_t watched_since_ms_ = -1;
};

} // namespace qrwell
