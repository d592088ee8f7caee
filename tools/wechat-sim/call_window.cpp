#include "tools/wechat-sim/call_window.hpp"

#include <algorithm>
#include <chrono>

namespace qrwell::sim {

namespace {

int64_t day_in_china(int64_t now_us) {
  return (now_us / 1'000'000 + 8 * 3600) / 86400;
}

int64_t month_in_china(int64_t now_us) {
  std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day_in_china(now_us)}}};
  return int{date.year()} * 12 + static_cast<int64_t>(unsigned{date.month()});
}

} // namespace

void call_window::forget_before(int64_t now_us) {
  while (!times_us_.empty() && times_us_.front() <= now_us - length_us) times_us_.pop_front();
}

void call_window::add(int64_t now_us) {
  forget_before(now_us);
  if (times_us_.size() == entries_max) times_us_.pop_front();
  times_us_.push_back(now_us);
  ++total_;
  busiest_ = std::max(busiest_, times_us_.size());
}

std::size_t call_window::in_last_minute(int64_t now_us) {
  forget_before(now_us);
  return times_us_.size();
}

void minute_counter::add(int64_t now_us) {
  count_ = this_minute(now_us) + 1;
  minute_ = now_us / call_window::length_us;
}

uint64_t minute_counter::this_minute(int64_t now_us) const {
  return now_us / call_window::length_us == minute_ ? count_ : 0;
}

void month_counter::add(int64_t now_us) {
  count_ = this_month(now_us) + 1;
  month_ = month_in_china(now_us);
}

uint64_t month_counter::this_month(int64_t now_us) const {
  return month_in_china(now_us) == month_ ? count_ : 0;
}

void day_counter::add(int64_t now_us) {
  count_ = today(now_us) + 1;
  day_ = day_in_china(now_us);
}

uint64_t day_counter::today(int64_t now_us) const {
  return day_in_china(now_us) == day_ ? count_ : 0;
}

} // namespace qrwell::sim
