#include "runtime/plan/windows.hpp"

#include <date/tz.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace qrwell {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr int32_t horizon_days = 400;
constexpr std::array<std::string_view, 7> day_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

caf::error wrong(const std::string& line, const std::string& why) {
  return fail(ec::invalid_config, "window \"" + line + "\": " + why +
                                      ". Allowed: \"daily 00:00-07:00\", \"mon-fri 13:00-17:00 share 40%\", "
                                      "\"sat 22:00-06:00\", \"except 2026-10-01\", \"except 2026-10-01..2026-10-07\"");
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// All of `text` as a number of `digits` digits at most, else -1.
int number(std::string_view text, size_t digits) {
  int value = -1;
  if (text.empty() || text.size() > digits || text[0] < '0' || text[0] > '9') return -1;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end == text.data() + text.size() ? value : -1;
}

int day_number(std::string_view name) {
  auto found = std::find(day_names.begin(), day_names.end(), name);
  return found == day_names.end() ? -1 : static_cast<int>(found - day_names.begin());
}

/// Bits of "daily", "mon" or "fri-mon"; 0 if it is none of these.
uint8_t days_of(std::string_view text) {
  if (text == "daily") return 0x7f;
  auto dash = text.find('-');
  int first = day_number(text.substr(0, dash));
  int last = dash == std::string_view::npos ? first : day_number(text.substr(dash + 1));
  if (first < 0 || last < 0) return 0;
  unsigned bits = 0;
  for (int day = first;; day = (day + 1) % 7) {
    bits |= 1u << day;
    if (day == last) break;
  }
  return static_cast<uint8_t>(bits);
}

/// Minutes of "HH:MM", -1 if it is not one.
int minute_of(std::string_view text, bool end) {
  if (text.size() != 5 || text[2] != ':') return -1;
  int hour = number(text.substr(0, 2), 2), minute = number(text.substr(3), 2);
  if (hour < 0 || minute < 0 || minute > 59 || hour > 24) return -1;
  if (hour == 24 && (!end || minute != 0)) return -1;
  return hour * 60 + minute;
}

/// Days since 1970 of "YYYY-MM-DD"; false if there is no such day.
bool day_of(std::string_view text, int32_t& day) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int y = number(text.substr(0, 4), 4), m = number(text.substr(5, 2), 2), d = number(text.substr(8), 2);
  if (y < 0 || m < 0 || d < 0) return false;
  date::year_month_day ymd{date::year{y}, date::month{static_cast<unsigned>(m)}, date::day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return false;
  day = static_cast<int32_t>(date::sys_days{ymd}.time_since_epoch().count());
  return true;
}

caf::expected<windows::exception> parse_exception(const std::string& line, const std::vector<std::string>& words) {
  if (words.size() != 2) return wrong(line, "\"except\" takes one date or one range of dates without spaces");
  windows::exception out;
  auto dots = words[1].find("..");
  auto first = words[1].substr(0, dots);
  auto last = dots == std::string::npos ? first : words[1].substr(dots + 2);
  if (!day_of(first, out.first_day)) return wrong(line, "there is no date \"" + first + "\"");
  if (!day_of(last, out.last_day)) return wrong(line, "there is no date \"" + last + "\"");
  if (out.last_day < out.first_day) return wrong(line, "the range ends before it begins");
  return out;
}

caf::expected<windows::rule> parse_rule(const std::string& line, const std::vector<std::string>& words) {
  windows::rule out;
  out.days = words.empty() ? uint8_t{0} : days_of(words[0]);
  if (out.days == 0) return wrong(line, "it does not begin with daily, a day (mon to sun), DAY-DAY or except");
  if (words.size() != 2 && words.size() != 4)
    return wrong(line, "after the days come HH:MM-HH:MM and, if wanted, share N%");
  const auto& span = words[1];
  int start = span.size() == 11 && span[5] == '-' ? minute_of(std::string_view{span}.substr(0, 5), false) : -1;
  int end = start < 0 ? -1 : minute_of(std::string_view{span}.substr(6), true);
  if (start < 0 || end < 0) return wrong(line, "\"" + span + "\" is not HH:MM-HH:MM (00:00 to 24:00)");
  out.start_min = static_cast<uint16_t>(start);
  out.end_min = static_cast<uint16_t>(end <= start ? end + 24 * 60 : end);
  if (words.size() == 4) {
    std::string_view text = words[3];
    int percent = text.ends_with('%') ? number(text.substr(0, text.size() - 1), 3) : -1;
    if (words[2] != "share" || percent < 1 || percent > 100)
      return wrong(line, "the share is not \"share N%\" with N from 1 to 100");
    out.share = percent / 100.0;
  }
  return out;
}

} // namespace

caf::expected<windows> parse_windows(const std::vector<std::string>& lines, const std::string& timezone) {
  windows out;
  out.rules_.clear();
  for (const auto& line : lines) {
    auto words = words_of(line);
    if (!words.empty() && words[0] == "except") {
      auto exception = parse_exception(line, words);
      if (!exception) return std::move(exception.error());
      out.exceptions_.push_back(*exception);
    } else {
      auto rule = parse_rule(line, words);
      if (!rule) return std::move(rule.error());
      out.rules_.push_back(*rule);
    }
  }
  if (out.rules_.empty()) out.rules_.push_back(windows::rule{0x7f, 0, 24 * 60, 1});
  out.timezone_ = timezone;
  try {
    out.zone_ = date::locate_zone(timezone);
  } catch (const std::exception&) {
    return fail(ec::invalid_config, "time zone \"" + timezone +
                                        "\" is not in the system's zoneinfo; names look like Asia/Shanghai or "
                                        "Europe/Berlin (package tzdata)");
  }
  return out;
}

bool windows::excepted(int32_t day) const noexcept {
  return std::any_of(exceptions_.begin(), exceptions_.end(),
                     [day](const exception& x) { return x.first_day <= day && day <= x.last_day; });
}

int32_t windows::local_day(int64_t unix_ms) const {
  date::sys_time<milliseconds> at{milliseconds{unix_ms}};
  auto local = zone_ ? zone_->to_local(at) : date::local_time<milliseconds>{at.time_since_epoch()};
  return static_cast<int32_t>(date::floor<date::days>(local).time_since_epoch().count());
}

int64_t windows::instant(int32_t day, int32_t minute, bool first) const {
  date::local_time<milliseconds> local{date::days{day} + minutes{minute}};
  if (!zone_) return local.time_since_epoch().count();
  return zone_->to_sys(local, first ? date::choose::earliest : date::choose::latest).time_since_epoch().count();
}

double windows::share_at(int64_t unix_ms) const {
  auto today = local_day(unix_ms);
  if (excepted(today)) return 0;
  double share = 0;
  // A window of yesterday may reach into today, and one that ends at an hour that comes twice, into tomorrow's.
  for (int32_t day = today - 2; day <= today + 1; ++day) {
    auto weekday = static_cast<unsigned>(((day + 4) % 7 + 7) % 7);
    for (const auto& r : rules_)
      if (r.share > share && (r.days >> weekday & 1u) && instant(day, r.start_min, true) <= unix_ms &&
          unix_ms < instant(day, r.end_min, false))
        share = r.share;
  }
  return share;
}

int64_t windows::next_change(int64_t unix_ms) const {
  auto now = share_at(unix_ms);
  auto today = local_day(unix_ms);
  int64_t best = 0;
  auto consider = [&](int64_t edge) {
    if (edge > unix_ms && (best == 0 || edge < best) && share_at(edge) != now) best = edge;
  };
  for (int32_t day = today - 2; day <= today + horizon_days; ++day) {
    // A window may end two days after it began, so the days that could still bring an earlier edge are looked at, too.
    if (best != 0 && day > local_day(best)) break;
    auto weekday = static_cast<unsigned>(((day + 4) % 7 + 7) % 7);
    for (const auto& r : rules_) {
      if (!(r.days >> weekday & 1u)) continue;
      consider(instant(day, r.start_min, true));
      consider(instant(day, r.end_min, false));
    }
    for (const auto& x : exceptions_) {
      if (x.first_day == day) consider(instant(day, 0, true));
      if (x.last_day == day) consider(instant(day + 1, 0, true));
    }
  }
  return best;
}

int64_t windows::next_open(int64_t unix_ms) const {
  if (share_at(unix_ms) > 0) return unix_ms;
  return next_change(unix_ms);
}

std::string windows::local_text(int64_t unix_ms) const {
  date::sys_time<milliseconds> at{milliseconds{unix_ms}};
  auto local = zone_ ? zone_->to_local(at) : date::local_time<milliseconds>{at.time_since_epoch()};
  return date::format("%Y-%m-%d %H:%M", date::floor<minutes>(local));
}

} // namespace qrwell
