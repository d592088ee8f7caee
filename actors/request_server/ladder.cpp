#include "actors/request_server/ladder.hpp"

#include <algorithm>

namespace qrwell {
namespace {

// What a commit needs after a live fetch: the fetch must end that much before the client's deadline.
constexpr int64_t commit_reserve_ms = 200;
constexpr uint32_t live_batch_max = 64;
constexpr uint32_t live_again_s = 5;   // where live codes are made, it is worth to ask for one soon, whatever the stock
constexpr size_t live_orders_max = 32; // those beyond wait for one to end, or for their deadline

} // namespace

std::string_view to_string(rung r) noexcept {
  switch (r) {
  case rung::stock:
    return "stock";
  case rung::lot:
    return "lot";
  case rung::live:
    return "live";
  case rung::link:
    return "link";
  }
  return "unknown";
}

void ladder::set_state(const pool_state& state, int64_t now_ms) {
  shelf_.change_generation(state.gen_id);
  state_ = state;
  taken_since_state_ = 0;
  serve_waiting(now_ms);
}

size_t ladder::waiting() const noexcept {
  size_t n = for_live_.size();
  for (const auto& queue : for_lots_) n += queue.size();
  for (const auto& order : orders_) n += order.climbers.size();
  return n;
}

// The level is a second old at most; what was taken here since is known better.
bool ladder::may_draw(key_priority priority) const noexcept {
  if (priority == key_priority::core) return true;
  auto level = state_.level > taken_since_state_ ? state_.level - taken_since_state_ : 0;
  return level >= state_.reserve;
}

void ladder::give(climber who) {
  ++taken_since_state_;
  auto code = shelf_.take();
  ends_.push_back({std::move(who), std::move(code), ec::none, {}, 0});
}

void ladder::give_link(climber who) {
  who.reached = rung::link;
  ends_.push_back({std::move(who), std::nullopt, ec::none, {}, 0, true});
}

// A pool of link codes alone: the store need not be asked for lots before each of them.
bool ladder::stocks_nothing() const noexcept {
  return state_.link_allowed && state_.high == 0 && state_.level == 0;
}

void ladder::refuse(climber who, ec why, std::string detail) {
  auto retry = std::max<uint32_t>(1, state_.retry_after_s);
  if (why != ec::out_of_stock) retry = 1;
  ends_.push_back({std::move(who), std::nullopt, why, std::move(detail), retry});
}

void ladder::refuse_for_good(climber who) {
  auto kept = shelf_.codes() > 0;
  auto live = who.live_wanted && state_.live_allowed;
  if (stocks_nothing())
    return refuse(std::move(who), ec::out_of_stock,
                  "Pool '" + pool_ + "' has link codes alone, and this request allows none: leave on_empty out.");
  refuse(std::move(who), ec::out_of_stock,
         kept ? "Pool '" + pool_ + "' is below its reserve, which only keys of priority core may use."
              : "Pool '" + pool_ + "' has no code left. Retry-After says when more are expected.");
  if (live) ends_.back().retry_after_s = std::min(ends_.back().retry_after_s, live_again_s);
}

// The stocker said no, and when it may be otherwise: newer than its last state.
void ladder::refuse_live(climber who, const caf::error& why) {
  if (code_of(why) == ec::unavailable) {
    refuse(std::move(who), ec::unavailable, "Pool '" + pool_ + "' is empty and cannot be asked for a live code.");
    return;
  }
  refuse_for_good(std::move(who));
  if (auto later = retry_after_s_of(why); later != 0) ends_.back().retry_after_s = later;
}

// After a live fetch that brought nothing.
void ladder::refuse_or_link(climber who, const caf::error* why) {
  if (who.link_wanted)
    give_link(std::move(who));
  else if (why)
    refuse_live(std::move(who), *why);
  else
    refuse_for_good(std::move(who));
}

void ladder::climb(climber who, int64_t now_ms) {
  if (state_.gen_id == 0) {
    refuse(std::move(who), ec::unavailable, "Pool '" + pool_ + "' is starting; its stock is not known yet.");
    return;
  }
  if (may_draw(who.priority)) {
    if (shelf_.codes() > 0) {
      give(std::move(who));
      return;
    }
    if (shelf_.failures() >= 2) {
      refuse(std::move(who), ec::unavailable, "The store does not answer, so no code can be taken from it.");
      return;
    }
    if (!stocks_nothing() && shelf_.more_may_come(now_ms)) {
      who.reached = std::max(who.reached, rung::lot);
      for_lots_[static_cast<size_t>(who.priority)].push_back(std::move(who));
      return;
    }
  }
  if (who.link_wanted && who.link_first) return give_link(std::move(who));
  if (who.live_wanted && state_.live_allowed && !who.live_done && who.live_deadline_ms - now_ms > commit_reserve_ms) {
    who.reached = rung::live;
    who.live_done = true;
    for_live_.push_back(std::move(who));
    return;
  }
  refuse_or_link(std::move(who), nullptr);
}

// Core first. Each of those that wait climbs anew: it takes a code, waits on, or goes down a rung.
void ladder::serve_waiting(int64_t now_ms) {
  for (size_t p = for_lots_.size(); p-- > 0;) {
    auto queue = std::exchange(for_lots_[p], {});
    for (auto& who : queue) climb(std::move(who), now_ms);
  }
}

void ladder::claim_ended(const claim_result& result, int64_t now_ms) {
  shelf_.claim_ended(result, now_ms);
  serve_waiting(now_ms);
}

void ladder::live_ended(uint64_t order, const caf::expected<live_codes>& result, int64_t now_ms) {
  auto found = std::find_if(orders_.begin(), orders_.end(), [&](const open_order& o) { return o.order == order; });
  std::vector<climber> orderers;
  if (found != orders_.end()) {
    orderers = std::move(found->climbers);
    orders_.erase(found);
  }
  // Codes that came too late for who ordered them are stock.
  if (result) shelf_.add(result->lots, true);
  size_t fetched = 0;
  if (result)
    for (const auto& lot : result->lots) fetched += lot.gen_id == shelf_.gen_id() ? lot.ids.size() : 0;
  for (auto& who : orderers) {
    if (fetched > 0 && shelf_.codes() > 0) {
      --fetched;
      give(std::move(who));
    } else {
      refuse_or_link(std::move(who), result ? nullptr : &result.error());
    }
  }
  serve_waiting(now_ms);
}

void ladder::tick(int64_t now_ms) {
  auto late = [&](const climber& who) {
    if (who.deadline_ms > now_ms) return false;
    refuse(who, shelf_.failures() > 0 ? ec::unavailable : ec::timeout,
           shelf_.failures() > 0 ? "The store does not answer, so no code can be taken from it."
                                 : "No code of pool '" + pool_ + "' came in time; nothing was bound.");
    return true;
  };
  auto late_live = [&](const climber& who) {
    if (who.link_wanted && who.live_deadline_ms - commit_reserve_ms <= now_ms) {
      give_link(who); // while there is time to bind one
      return true;
    }
    if (who.live_deadline_ms > now_ms) return false;
    refuse(who, ec::out_of_stock, "Pool '" + pool_ + "' is empty, and a live code did not come in time.");
    return true;
  };
  for (auto& queue : for_lots_) std::erase_if(queue, late);
  std::erase_if(for_live_, late_live);
  for (auto& order : orders_) std::erase_if(order.climbers, late_live);
  serve_waiting(now_ms);
}

std::optional<claim_request> ladder::take_claim(int64_t now_ms) {
  size_t waiting = 0;
  for (const auto& queue : for_lots_) waiting += queue.size();
  return shelf_.claim_due(waiting, now_ms);
}

std::optional<live_order> ladder::take_live(int64_t now_ms) {
  if (for_live_.empty() || orders_.size() >= live_orders_max) return std::nullopt;
  auto n = std::min<size_t>(for_live_.size(), live_batch_max);
  auto end = for_live_.begin() + static_cast<ptrdiff_t>(n);
  open_order opened{next_order_++, {std::make_move_iterator(for_live_.begin()), std::make_move_iterator(end)}};
  for_live_.erase(for_live_.begin(), end);
  int64_t until = 0;
  for (const auto& who : opened.climbers) until = std::max(until, who.live_deadline_ms);
  auto remaining = std::max<int64_t>(0, until - now_ms - commit_reserve_ms);
  live_order out{opened.order, {pool_, static_cast<uint32_t>(n), static_cast<uint32_t>(remaining)}};
  orders_.push_back(std::move(opened));
  return out;
}

} // namespace qrwell
