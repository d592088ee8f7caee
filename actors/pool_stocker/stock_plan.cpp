#include "actors/pool_stocker/stock_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qrwell {
namespace {

constexpr int64_t look_again_ms = 3'600'000;
constexpr uint32_t retry_after_max_s = 86'400;

} // namespace

uint32_t whole_seconds(int64_t for_ms) {
  return static_cast<uint32_t>(std::clamp<int64_t>((for_ms + 999) / 1'000, 1, retry_after_max_s));
}

void stock_plan::look_at_clock(int64_t wall_ms) {
  if (known_from_ms_ <= wall_ms && wall_ms < known_until_ms_) return;
  share_ = open_.share_at(wall_ms);
  next_change_ms_ = open_.next_change(wall_ms);
  known_from_ms_ = wall_ms;
  known_until_ms_ = next_change_ms_ != 0 ? std::min(next_change_ms_, wall_ms + look_again_ms) : wall_ms + look_again_ms;
}

stock_plan::goal stock_plan::choose(const plan_input& in) const {
  if (in.level < low_) return {low_, 1, fmt::format("Filling up to low: {} of {} codes in stock.", in.level, low_)};
  if (in.extra > 0)
    return {in.level + in.extra, 1, fmt::format("Making {} codes that an operator asked for.", in.extra)};
  if (in.to_high && in.level < high_)
    return {high_, 1,
            fmt::format("Filling up to high, as an operator asked: {} of {} codes in stock.", in.level, high_)};
  if (high_ == 0 && in.level == 0) return {0, 1, "Stocks nothing: high is 0."};
  if (in.level >= high_) return {0, 1, fmt::format("Full: {} codes in stock, high is {}.", in.level, high_)};
  if (share_ > 0) {
    auto until = next_change_ms_ != 0 ? " until " + when(next_change_ms_) : std::string{};
    return {high_, share_,
            fmt::format("Filling up to high at {} % of the quota{}: {} of {} codes in stock.",
                        std::lround(share_ * 100), until, in.level, high_)};
  }
  auto opens =
      next_change_ms_ != 0 ? "the next window opens " + when(next_change_ms_) : std::string{"no window follows"};
  return {low_, 1, fmt::format("Waiting: {} codes in stock, low is {}, and {}.", in.level, low_, opens)};
}

// The level that is known may be a second old: whoever asks this found the stock used up.
uint32_t stock_plan::retry_after_s(const plan_input& in) const {
  if (!in.hold.empty()) return whole_seconds(in.hold_for_ms);
  auto used_up = in;
  used_up.level = std::min(in.level, in.reserve);
  if (choose(used_up).target > used_up.level || in.under_way > 0) {
    // The next code that comes goes to whoever waits for one already.
    if (in.per_minute <= 0) return 2;
    auto codes = static_cast<double>(in.waiting + 1 + in.reserve - used_up.level);
    return whole_seconds(static_cast<int64_t>(std::ceil(codes * 60'000.0 / in.per_minute)));
  }
  return share_ > 0 || next_change_ms_ == 0 ? 3'600 : whole_seconds(next_change_ms_ - in.wall_ms);
}

plan_output stock_plan::decide(const plan_input& in) {
  look_at_clock(in.wall_ms);
  auto aim = choose(in);
  plan_output out;
  out.share = aim.share;
  auto there = in.level + in.under_way;
  if (in.hold.empty() && aim.target > there) out.due = aim.target - there;
  auto at_most = std::max(in.level, in.level_at_most) + in.under_way;
  if (aim.target <= high_) out.due = std::min(out.due, high_ - std::min(high_, at_most));
  out.sentence = in.hold.empty() ? std::move(aim.sentence) : in.hold;
  out.retry_after_s = retry_after_s(in);
  return out;
}

} // namespace qrwell
