#pragma once

#include "actors/quota_manager/quota_constants.hpp"

#include <string_view>

namespace qrwell {

enum class rate_mode : uint8_t { normal, slowed, closed };

std::string_view to_string(rate_mode mode) noexcept;

/// What to make of 45009 and 45011. They have three meanings that look alike: our minute is full, the day's limit is
/// spent, or somebody else uses the appid. So the first one halves the units and nothing is handed out until 65 s after
/// the last call: then the minute is empty, whoever filled it. Then one small grant tries:
///  - an answer without complaint: it was the minute. On with half, growing by 1 % of the limit a minute up to all;
///  - two complaints in a row: it is the day. Closed: one call each 10 minutes tries, and at 00:05 in Shanghai, when
///    the day's counters are new, the app opens again with its full limit.
/// Kept in memory only: a new leader finds out anew, for a handful of refused calls. `wall_ms` is Unix time and
/// decides only when the new day begins.
class rate_state {
public:
  explicit rate_state(uint32_t limit);

  /// WeChat complained about a call.
  void complained(int64_t now_ms, int64_t wall_ms);

  /// Calls began.
  void sent(int64_t now_ms);

  /// Moves on with time.
  void advance(int64_t now_ms, int64_t wall_ms);

  /// When the next grant may be opened; INT64_MIN: now, INT64_MAX: not before the grant that tries has ended.
  int64_t next_grant_ms(int64_t now_ms, int64_t wall_ms) const noexcept;

  /// How many units it may have.
  uint32_t grant_units_max() const noexcept;

  /// A grant was opened. True: it tries the limit, and its end must be told by trial_ended.
  bool opened(int64_t now_ms);

  /// How many of its calls were answered, whatever the answer; 0 when it was never used.
  void trial_ended(uint32_t answered, int64_t now_ms);

  rate_mode mode() const noexcept { return mode_; }
  uint32_t effective() const noexcept { return effective_; }

private:
  enum class phase { open, quiet, trial };

  void slow_down(int64_t now_ms);
  void shut(int64_t now_ms, int64_t wall_ms);
  void start_growing(int64_t now_ms);

  uint32_t limit_, effective_, grown_from_;
  rate_mode mode_ = rate_mode::normal;
  phase phase_ = phase::open;
  int64_t quiet_until_ms_ = 0, grows_since_ms_ = 0, probe_at_ms_ = 0, opens_at_wall_ms_ = 0;
  uint32_t complaints_ = 0; // in a row, since the silence
  uint32_t complaints_of_trial_ = 0;
  bool trying_ = false;
};

/// The next 00:05 in Asia/Shanghai (UTC+8, no summer time) after this Unix time.
int64_t next_shanghai_day_ms(int64_t wall_ms) noexcept;

} // namespace qrwell
