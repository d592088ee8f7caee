#include "actors/pool_stocker/stocker_core.hpp"

#include <fmt/format.h>

namespace qrwell {

/// Why no live code can be made at present; empty: one can.
std::string stocker_core::live_refusal() const {
  if (!cfg_.live_allowed) return "this node makes no live codes for pool " + cfg_.pool;
  if (!hold_.empty() && hold_ != wait_why_) return hold_;
  if (!probe_.passed()) return "the first codes of this generation are being checked";
  return {};
}

stocker::effects stocker_core::on_live(uint64_t number, const live_request& request, stamp now) {
  find_hold(now);
  live_[number] = {request, now.mono_ms + request.remaining_ms, false};
  if (auto why = live_refusal(); !why.empty())
    fail_live(number, ec::out_of_stock, std::move(why));
  else if (live_.size() > cfg_.live_waiting_max + cfg_.live_under_way_max)
    fail_live(number, ec::rate_limited, fmt::format("{} requests wait for a live code already", cfg_.live_waiting_max));
  return step(now);
}

void stocker_core::fail_live(uint64_t number, ec code, std::string sentence) {
  if (live_.erase(number) == 0) return;
  emit(stocker::answer_live{number, {}, fail(code, std::move(sentence))});
}

/// Nobody waits past the deadline; the fetch goes on, and what it brings becomes stock. One that is being closed is
/// let through: its codes go to the shelf of the one who asked.
void stocker_core::expire_live(stamp now) {
  std::vector<uint64_t> late;
  for (const auto& [number, wait] : live_)
    if (now.mono_ms >= wait.deadline_ms) late.push_back(number);
  for (const auto& [number, r] : runs_)
    if (r.live != 0 && r.at == stage::closing) std::erase(late, r.live);
  for (auto number : late) fail_live(number, ec::timeout, "no live code came within the request's time");
}

void stocker_core::end_live(run& r, const grant_closed& closed) {
  if (closed.lots.empty()) {
    auto why = r.fill->last_failure().empty() ? std::string{"the grant ended without a code"} : r.fill->last_failure();
    return fail_live(r.live, ec::out_of_stock, "no live code: " + why);
  }
  live_.erase(r.live);
  emit(stocker::answer_live{r.live, {cfg_.pool, closed.lots}, {}});
}

} // namespace qrwell
