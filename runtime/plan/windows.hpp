#pragma once

#include "messages/errors.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace date {
class time_zone;
}

namespace qrwell {

/// When a pool may be filled beyond `low`, and at which share of the app's quota.
///
/// One line each:
///   DAY[-DAY] HH:MM-HH:MM [share N%]   DAY is mon tue wed thu fri sat sun, or the word daily for all of them
///   except YYYY-MM-DD[..YYYY-MM-DD]    no window on these local dates, both included
///
/// 24:00 is allowed as an end. An end at or before its start is on the next day. Where windows overlap the largest
/// share counts. Without any DAY line the whole week is one window, so that `high` means something for a pool that says
/// nothing about times.
///
/// Over a change of summer time: a time that does not exist is the instant of the change; of a time that exists twice,
/// a start means the first and an end the second. So no window is cut in two or lost.
class windows {
public:
  struct rule {
    uint8_t days = 0; ///< bit 0 is Sunday, as in C
    uint16_t start_min = 0, end_min = 0;
    double share = 1; ///< above 0, at most 1
  };
  struct exception {
    int32_t first_day = 0, last_day = 0; ///< days since 1970-01-01, both included
  };

  /// All day, every day.
  windows() = default;

  /// The share of the quota at an instant: 0 outside of all windows.
  double share_at(int64_t unix_ms) const;

  /// The first instant after `unix_ms` at which share_at() is another; 0 if there is none within 400 days.
  int64_t next_change(int64_t unix_ms) const;

  /// The first instant at or after `unix_ms` with a share above 0; 0 if there is none within 400 days.
  int64_t next_open(int64_t unix_ms) const;

  /// "2026-10-01 07:00" in the windows' time zone, for sentences.
  std::string local_text(int64_t unix_ms) const;

  const std::string& timezone() const noexcept { return timezone_; }

  friend caf::expected<windows> parse_windows(const std::vector<std::string>& lines, const std::string& timezone);

private:
  bool excepted(int32_t day) const noexcept;
  int32_t local_day(int64_t unix_ms) const;
  int64_t instant(int32_t day, int32_t minute, bool first) const;

  std::vector<rule> rules_{rule{0x7f, 0, 24 * 60, 1}};
  std::vector<exception> exceptions_;
  std::string timezone_ = "UTC";
  const date::time_zone* zone_ = nullptr; ///< null: UTC
};

/// Reads the lines of a pool's `windows` and its `timezone` (a name of the system's zoneinfo, e.g. Asia/Shanghai).
/// Error invalid_config names the text that is wrong and the forms that are allowed.
caf::expected<windows> parse_windows(const std::vector<std::string>& lines, const std::string& timezone);

} // namespace qrwell
