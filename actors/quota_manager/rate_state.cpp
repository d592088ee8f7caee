#include "actors/quota_manager/rate_state.hpp"

#include <algorithm>
#include <limits>

namespace qrwell {
namespace {

constexpr int64_t silence_ms = 65'000; // a window, and some for WeChat's clock
constexpr int64_t probe_every_ms = 600'000;
constexpr uint32_t trial_units = 2; // two complaints in a row need two calls
constexpr uint32_t slowest_share = 16;

constexpr auto now_is_fine = std::numeric_limits<int64_t>::min();
constexpr auto not_yet = std::numeric_limits<int64_t>::max();

} // namespace

std::string_view to_string(rate_mode mode) noexcept {
  switch (mode) {
  case rate_mode::normal:
    return "normal";
  case rate_mode::slowed:
    return "slowed";
  case rate_mode::closed:
    return "closed";
  }
  return "unknown";
}

int64_t next_shanghai_day_ms(int64_t wall_ms) noexcept {
  constexpr int64_t day = 86'400'000, shift = 8 * 3'600'000 - 5 * 60'000;
  auto local = wall_ms + shift; // days of this begin at 00:05 in Shanghai
  auto days = local / day - (local % day < 0 ? 1 : 0);
  return (days + 1) * day - shift;
}

rate_state::rate_state(uint32_t limit)
    : limit_(limit)
    , effective_(limit)
    , grown_from_(limit) {}

void rate_state::slow_down(int64_t now_ms) {
  mode_ = rate_mode::slowed;
  phase_ = phase::quiet;
  effective_ = std::max({1u, limit_ / slowest_share, effective_ / 2});
  quiet_until_ms_ = now_ms + silence_ms;
  complaints_ = 0;
  trying_ = false;
}

void rate_state::shut(int64_t now_ms, int64_t wall_ms) {
  mode_ = rate_mode::closed;
  phase_ = phase::trial;
  probe_at_ms_ = now_ms + probe_every_ms;
  opens_at_wall_ms_ = next_shanghai_day_ms(wall_ms);
}

void rate_state::start_growing(int64_t now_ms) {
  mode_ = rate_mode::slowed;
  phase_ = phase::open;
  grown_from_ = effective_;
  grows_since_ms_ = now_ms;
  complaints_ = 0;
}

void rate_state::complained(int64_t now_ms, int64_t wall_ms) {
  switch (phase_) {
  case phase::open:
    slow_down(now_ms);
    break;
  case phase::quiet: // of calls that were under way
    quiet_until_ms_ = now_ms + silence_ms;
    break;
  case phase::trial:
    ++complaints_;
    ++complaints_of_trial_;
    if (mode_ == rate_mode::slowed && complaints_ >= 2) shut(now_ms, wall_ms);
    break;
  }
}

void rate_state::sent(int64_t now_ms) {
  if (phase_ == phase::quiet) quiet_until_ms_ = now_ms + silence_ms;
}

void rate_state::advance(int64_t now_ms, int64_t wall_ms) {
  if (mode_ == rate_mode::normal) return;
  if (mode_ == rate_mode::closed) {
    if (wall_ms < opens_at_wall_ms_) return;
    mode_ = rate_mode::normal;
    phase_ = phase::open;
    effective_ = limit_;
    return;
  }
  if (phase_ == phase::quiet && now_ms >= quiet_until_ms_) phase_ = phase::trial;
  if (phase_ != phase::open) return;
  auto minutes = static_cast<uint64_t>(std::max<int64_t>(0, now_ms - grows_since_ms_) / 60'000);
  effective_ = static_cast<uint32_t>(std::min<uint64_t>(limit_, grown_from_ + minutes * limit_ / 100));
  if (effective_ == limit_) mode_ = rate_mode::normal;
}

int64_t rate_state::next_grant_ms(int64_t now_ms, int64_t wall_ms) const noexcept {
  if (phase_ == phase::open) return now_is_fine;
  if (phase_ == phase::quiet) return quiet_until_ms_;
  if (trying_) return not_yet;
  return mode_ == rate_mode::closed ? std::min(probe_at_ms_, now_ms + opens_at_wall_ms_ - wall_ms) : now_is_fine;
}

uint32_t rate_state::grant_units_max() const noexcept {
  if (phase_ == phase::open) return units_per_grant_max;
  return mode_ == rate_mode::closed ? 1 : trial_units;
}

bool rate_state::opened(int64_t now_ms) {
  if (phase_ != phase::trial) return false;
  trying_ = true;
  complaints_of_trial_ = 0;
  if (mode_ == rate_mode::closed) probe_at_ms_ = now_ms + probe_every_ms;
  return true;
}

void rate_state::trial_ended(uint32_t answered, int64_t now_ms) {
  if (!trying_) return;
  trying_ = false;
  if (phase_ != phase::trial || answered <= complaints_of_trial_) return;
  // One call went through, another was refused: the minute is full, by somebody else's calls.
  if (complaints_of_trial_ > 0 && mode_ == rate_mode::slowed)
    slow_down(now_ms);
  else
    start_growing(now_ms);
}

} // namespace qrwell
