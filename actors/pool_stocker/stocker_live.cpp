#include "actors/pool_stocker/stocker_core.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

constexpr uint32_t live_codes_max = 256; // of one request

} // namespace

/// Why no live code can be made at present; empty: one can.
std::string stocker_core::live_refusal() const {
  if (!cfg_.live_allowed) return "this node makes no live codes for pool " + cfg_.pool;
  if (!hold_.empty() && !hold_spares_live_) return hold_;
  if (!probe_.passed()) return "the first codes of this generation are being checked";
  // One call at a time finds out whether WeChat is back; nobody else is to wait for that.
  if (trouble_.troubled() && anything_under_way()) return trouble_why_;
  return {};
}

stocker::effects stocker_core::on_live(uint64_t number, const live_request& request, stamp now) {
  find_hold(now);
  bool crowded = live_.size() >= cfg_.live_waiting_max + cfg_.live_under_way_max;
  auto& wait = live_[number];
  wait.deadline_ms = now.mono_ms + request.remaining_ms;
  wait.to_ask = std::clamp<uint32_t>(request.count, 1, live_codes_max);
  if (crowded && live_refusal().empty()) {
    wait.to_ask = 0;
    wait.code = ec::rate_limited;
    wait.why = fmt::format("{} requests wait for live codes already", live_.size() - 1);
    settle_live(number);
  }
  return step(now); // which refuses all who wait when no live code can be made
}

/// Ends a wait of which nothing more can come.
void stocker_core::settle_live(uint64_t number) {
  auto found = live_.find(number);
  if (found == live_.end() || found->second.to_ask > 0 || found->second.running > 0) return;
  live_ended_.emplace_back(number, std::move(found->second));
  live_.erase(found);
}

/// With all that came, or else with the reason of the last failure, and when it is worth to ask again: when the stock
/// may have a code, or a unit is free for a live one.
void stocker_core::answer_live(stamp now) {
  for (auto& [number, wait] : live_ended_) {
    caf::error failure;
    if (wait.lots.empty()) {
      auto later_s = plan_.retry_after_s;
      if (wait.units_ms != 0) {
        // When no unit is free for a live code none is for stock; but what is under way may come.
        auto units_s = whole_seconds(wait.units_ms - now.mono_ms);
        later_s = codes_under_way() > 0 ? std::min(later_s, units_s) : units_s;
      }
      failure = fail(wait.code, std::move(wait.why), later_s);
    }
    emit(stocker::answer_live{number, {cfg_.pool, std::move(wait.lots)}, std::move(failure)});
  }
  live_ended_.clear();
}

/// Those who would be gone before a unit is free are told so now.
void stocker_core::refuse_before_units(stamp now) {
  std::vector<uint64_t> hopeless;
  for (const auto& [number, wait] : live_)
    if (wait.to_ask > 0 && wait.deadline_ms <= live_units_.free_ms) hopeless.push_back(number);
  for (auto number : hopeless) {
    no_units(live_[number], live_units_.free_ms, now);
    settle_live(number);
  }
}

void stocker_core::no_units(live_wait& wait, int64_t free_ms, stamp now) {
  wait.to_ask = 0;
  wait.code = ec::rate_limited;
  wait.why = fmt::format("no unit of app {}'s quota is free for {} s", cfg_.app, whole_seconds(free_ms - now.mono_ms));
  wait.units_ms = free_ms;
}

/// Begins nothing more for those who wait; what is under way for them goes on.
void stocker_core::stop_live(const std::string& why) {
  std::vector<uint64_t> stopped;
  for (auto& [number, wait] : live_) {
    if (wait.to_ask == 0) continue;
    wait.to_ask = 0;
    wait.code = ec::out_of_stock;
    wait.why = why;
    stopped.push_back(number);
  }
  for (auto number : stopped) settle_live(number);
}

void stocker_core::live_run_failed(uint64_t number, ec code, std::string why) {
  auto found = live_.find(number);
  if (found == live_.end()) return;
  --found->second.running;
  found->second.to_ask = 0; // what one grant did not get the next will not
  found->second.code = code;
  found->second.why = std::move(why);
  settle_live(number);
}

void stocker_core::live_run_ended(run& r, grant_closed&& closed) {
  auto found = live_.find(r.live);
  if (found == live_.end()) return;
  if (closed.lots.empty()) {
    const auto& last = r.fill->last_failure();
    return live_run_failed(r.live, ec::out_of_stock,
                           "no live code: " + (last.empty() ? "the grant ended without one" : last));
  }
  auto& lots = found->second.lots;
  lots.insert(lots.end(), std::make_move_iterator(closed.lots.begin()), std::make_move_iterator(closed.lots.end()));
  --found->second.running;
  settle_live(r.live);
}

/// Nobody waits past the deadline; the fetches go on, and what they bring becomes stock. A grant that is being closed
/// is waited for: its codes are on the shelf of the one who asked.
void stocker_core::expire_live(stamp now) {
  std::vector<uint64_t> late;
  for (auto& [number, wait] : live_) {
    if (now.mono_ms < wait.deadline_ms) continue;
    late.push_back(number);
    wait.to_ask = 0;
    wait.code = ec::timeout;
    wait.why = "no live code came within the request's time";
  }
  if (late.empty()) return;
  for (auto& [number, r] : runs_) {
    auto found = live_.find(r.live);
    if (found == live_.end() || r.at == stage::closing || now.mono_ms < found->second.deadline_ms) continue;
    r.live = 0;
    --found->second.running;
  }
  for (auto number : late) settle_live(number);
}

} // namespace qrwell
