#include "runtime/http/json.hpp"

#include <chrono>

namespace qrwell::http {
namespace {

// Reads exactly `count` digits at `at` and steps over them.
bool digits(std::string_view text, size_t& at, size_t count, int& out) {
  out = 0;
  for (size_t i = 0; i < count; ++i, ++at) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return false;
    out = out * 10 + (text[at] - '0');
  }
  return true;
}

bool one_of(std::string_view text, size_t& at, std::string_view any) {
  if (at >= text.size() || any.find(text[at]) == any.npos) return false;
  ++at;
  return true;
}

bool parse(std::string_view text, int64_t& out) {
  using namespace std::chrono;
  size_t at = 0;
  int year_no, month_no, day_no, hour, minute, second;
  if (!digits(text, at, 4, year_no) || !one_of(text, at, "-") || !digits(text, at, 2, month_no) ||
      !one_of(text, at, "-") || !digits(text, at, 2, day_no) || !one_of(text, at, "Tt") || !digits(text, at, 2, hour) ||
      !one_of(text, at, ":") || !digits(text, at, 2, minute) || !one_of(text, at, ":") || !digits(text, at, 2, second))
    return false;
  year_month_day date{year{year_no}, month{static_cast<unsigned>(month_no)}, day{static_cast<unsigned>(day_no)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60)
    return false; // 60: a leap second is the next second's begin
  int64_t fraction_ms = 0;
  if (one_of(text, at, ".")) {
    size_t n = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++n)
      if (n < 3) fraction_ms += (text[at] - '0') * (n == 0 ? 100 : n == 1 ? 10 : 1);
    if (n == 0) return false;
  }
  int64_t offset_min = 0;
  if (!one_of(text, at, "Zz")) {
    if (at >= text.size()) return false;
    int sign = text[at] == '-' ? -1 : 1, offset_hour, offset_minute;
    if (!one_of(text, at, "+-") || !digits(text, at, 2, offset_hour) || !one_of(text, at, ":") ||
        !digits(text, at, 2, offset_minute) || offset_hour > 23 || offset_minute > 59)
      return false;
    offset_min = sign * (offset_hour * 60 + offset_minute);
  }
  if (at != text.size()) return false;
  auto days = sys_days{date}.time_since_epoch().count();
  out = ((int64_t{days} * 24 + hour) * 60 + minute - offset_min) * 60'000 + second * 1'000 + fraction_ms;
  return true;
}

// The last `count` digits of a number.
void put_digits(std::string& out, uint64_t number, size_t count) {
  out.append(count, '0');
  for (auto at = out.size(); count-- > 0; number /= 10) out[--at] = static_cast<char>('0' + number % 10);
}

} // namespace

// By hand, since every code that is shown has two of them: fmt takes five times as long.
std::string format_time(int64_t unix_ms) {
  if (unix_ms == 0) return {};
  using namespace std::chrono;
  sys_time<milliseconds> time{milliseconds{unix_ms}};
  auto midnight = floor<days>(time);
  year_month_day date{midnight};
  auto of_day = static_cast<uint64_t>((time - midnight).count());
  std::string out;
  out.reserve(24);
  put_digits(out, static_cast<uint64_t>(static_cast<int>(date.year())), 4);
  put_digits(out += '-', static_cast<unsigned>(date.month()), 2);
  put_digits(out += '-', static_cast<unsigned>(date.day()), 2);
  put_digits(out += 'T', of_day / 3'600'000, 2);
  put_digits(out += ':', of_day / 60'000 % 60, 2);
  put_digits(out += ':', of_day / 1'000 % 60, 2);
  put_digits(out += '.', of_day % 1'000, 3);
  return out += 'Z';
}

caf::expected<int64_t> parse_time(std::string_view text) {
  int64_t out = 0;
  if (!parse(text, out))
    return fail(ec::invalid_request, "\"" + std::string(text.substr(0, 64)) +
                                         "\" is not a time: write it like 2026-01-02T03:04:05.678Z (RFC 3339).");
  // 0 means "none" in every message: a time that old must not turn into "never".
  if (out <= 0) return fail(ec::invalid_request, "\"" + std::string(text) + "\" is not after 1970-01-01T00:00:00Z.");
  return out;
}

} // namespace qrwell::http
