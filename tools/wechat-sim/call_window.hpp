#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace qrwell::sim {

/// Counts calls over a sliding minute and remembers the busiest minute ever seen.
/// A minute is the half-open interval (t - 60 s, t]: two calls exactly 60 s apart are never in the same one.
class call_window {
public:
  static constexpr int64_t length_us = 60'000'000;
  /// Above this many calls a minute the oldest are forgotten; far beyond what one client can send.
  static constexpr std::size_t entries_max = 2'000'000;

  /// Records a call. Times must not go back.
  void add(int64_t now_us);
  /// Calls in the minute that ends now.
  std::size_t in_last_minute(int64_t now_us);
  /// The largest number of calls that any minute ever held.
  std::size_t busiest() const { return busiest_; }
  uint64_t total() const { return total_; }

private:
  void forget_before(int64_t now_us);

  std::deque<int64_t> times_us_;
  std::size_t busiest_ = 0;
  uint64_t total_ = 0;
};

/// Counts calls per minute of the clock.
class minute_counter {
public:
  void add(int64_t now_us);
  uint64_t this_minute(int64_t now_us) const;

private:
  int64_t minute_ = 0;
  uint64_t count_ = 0;
};

/// Counts calls per calendar day in China (UTC+8), where WeChat's days begin.
class day_counter {
public:
  void add(int64_t now_us);
  uint64_t today(int64_t now_us) const;
  void clear() { count_ = 0; }

private:
  int64_t day_ = 0;
  uint64_t count_ = 0;
};

/// Counts calls per calendar month in China.
class month_counter {
public:
  void add(int64_t now_us);
  uint64_t this_month(int64_t now_us) const;

private:
  int64_t month_ = 0;
  uint64_t count_ = 0;
};

} // namespace qrwell::sim
