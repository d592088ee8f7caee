#include "runtime/wechat/breaker.hpp"

#include <algorithm>

namespace qrwell::wechat {

uint32_t backoff_ms(uint32_t failures, uint32_t min_ms, uint32_t max_ms, std::mt19937_64& random) {
  auto doublings = std::min(failures, 20u);
  auto limit = std::min<uint64_t>(uint64_t{min_ms} << doublings, max_ms);
  return static_cast<uint32_t>(
      std::uniform_int_distribution<uint64_t>(std::max<uint64_t>(limit / 2, 1), std::max<uint64_t>(limit, 1))(random));
}

bool breaker::may_call(int64_t now_ms) const noexcept {
  return state_ == state::closed || (state_ == state::open && now_ms >= open_until_ms_);
}

uint32_t breaker::wait_for_ms(int64_t now_ms) const noexcept {
  if (may_call(now_ms)) return 0;
  return state_ == state::half_open ? cfg_.backoff_min_ms : static_cast<uint32_t>(open_until_ms_ - now_ms);
}

void breaker::started(int64_t now_ms) noexcept {
  if (state_ == state::open && now_ms >= open_until_ms_) state_ = state::half_open;
}

void breaker::succeeded() noexcept {
  state_ = state::closed;
  failures_ = 0;
  if (++good_ < cfg_.settled_after) return;
  good_ = cfg_.settled_after;
  opened_ = 0;
}

void breaker::failed(int64_t now_ms) {
  if (state_ == state::open) return;
  ++failures_;
  good_ = 0;
  if (state_ == state::half_open || failures_ >= cfg_.failures_max) leave(now_ms);
}

void breaker::leave(int64_t now_ms) {
  if (state_ == state::open) return;
  state_ = state::open;
  good_ = 0;
  ++opened_;
  open_until_ms_ = now_ms + backoff_ms(opened_, cfg_.backoff_min_ms, cfg_.backoff_max_ms, random_);
}

void breaker::abandoned() noexcept {
  if (state_ == state::half_open) state_ = state::open; // its pause is over: the next call is the probe
}

std::string_view to_string(breaker::state s) noexcept {
  switch (s) {
  case breaker::state::closed:
    return "closed";
  case breaker::state::open:
    return "open";
  case breaker::state::half_open:
    return "half_open";
  }
  return "unknown";
}

} // namespace qrwell::wechat
