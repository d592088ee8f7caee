#include "actors/pool_stocker/stocker_core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

constexpr size_t carried_max = 1'024;
constexpr uint32_t lot_codes_min = 10, lot_codes_max = 250;
constexpr uint32_t image_write_tries_max = 3;
constexpr int64_t disk_pause_ms = 60'000;
constexpr int64_t tell_units_from_ms = 2'000;
constexpr int64_t ask_stock_again_ms = 10'000, ask_live_again_ms = 2'000; // though no unit is said to be free
constexpr uint32_t ticket_wait_max_ms = 15'000;                           // the quota manager answers within 8 s
constexpr int64_t tick_passed_max_ms = 1'000;

/// Errors after which the same write may well succeed.
bool passing(const caf::error& failure) {
  switch (code_of(failure)) {
  case ec::timeout:
  case ec::unavailable:
  case ec::overloaded:
  case ec::store_busy:
  case ec::outcome_unknown:
    return true;
  default:
    return false;
  }
}

} // namespace

/// Time that this process was awake: one that was frozen hears of the answers that came meanwhile after its clock.
void stocker_core::count_waiting(stamp now) {
  auto passed = ticked_ms_ == 0 ? 0 : std::clamp<int64_t>(now.mono_ms - ticked_ms_, 0, tick_passed_max_ms);
  ticked_ms_ = now.mono_ms;
  for (auto& [number, r] : runs_) {
    if (r.at != stage::asking || r.late) continue;
    r.waited_ms += static_cast<uint32_t>(passed);
    if (r.waited_ms < ticket_wait_max_ms) continue;
    refused_ticket(r, fail(ec::timeout, "it does not answer"), now);
    r.carried.clear();
    r.live = 0;
    r.late = true;
  }
}

void stocker_core::refused_ticket(run& r, const caf::error& why, stamp now) {
  auto code = code_of(why);
  bool leads_elsewhere = code == ec::not_leader;
  // After a time-out the grant may be there, with these ids in it: they are not written into a second one.
  if (code == ec::timeout || code == ec::outcome_unknown)
    given_up_.insert(given_up_.end(), r.carried.begin(), r.carried.end());
  else
    carry(std::move(r.carried));
  if (r.paced) bucket_.unused(r.want);
  if (r.live != 0) live_run_failed(r.live, ec::out_of_stock, "no quota for a live code: " + render(why));
  if (r.use == quota_class::live) return;
  wait_why_ = leads_elsewhere
                  ? "Not stocking: another node leads app " + cfg_.app + "."
                  : "Not stocking: the quota manager of app " + cfg_.app + " does not give units: " + render(why) + ".";
  wait_is_wrong_ = !leads_elsewhere;
  next_ask_ms_ = now.mono_ms + 1'000;
}

stocker::effects stocker_core::on_ticket(uint64_t number, caf::expected<grant_ticket> ticket, stamp now) {
  auto found = runs_.find(number);
  if (found == runs_.end() || found->second.at != stage::asking) return step(now);
  auto& r = found->second;
  if (!ticket || (r.late && ticket->ids.empty())) {
    if (!r.late) refused_ticket(r, ticket.error(), now);
    runs_.erase(found);
    return step(now);
  }
  if (r.late) {
    r.fill.emplace(*ticket, cfg_.gen_id, r.use, std::vector<carried_id>{});
    r.fill->stop();
    r.at = stage::fetching;
    return step(now); // which closes it
  }
  auto got = static_cast<uint32_t>(ticket->ids.size());
  if (r.paced && got < r.want) bucket_.unused(r.want - got);
  std::vector<carried_id> written, left;
  for (auto& one : r.carried) {
    bool in_it = std::find(ticket->ids.begin(), ticket->ids.end(), one.id) != ticket->ids.end();
    (in_it ? written : left).push_back(std::move(one));
  }
  r.carried.clear();
  carry(std::move(left));
  int64_t wait_ms = std::max<int64_t>(ticket->retry_after_ms, got == 0 ? 50 : 0);
  bool stock = r.use == quota_class::stock;
  if (got > 0)
    (stock ? stock_units_ : live_units_) = {};
  else
    (stock ? stock_units_ : live_units_) = {
        now.mono_ms + wait_ms, now.mono_ms + std::min(wait_ms, stock ? ask_stock_again_ms : ask_live_again_ms),
        wait_ms >= tell_units_from_ms};
  if (stock) {
    wait_is_wrong_ = false;
    wait_why_.clear();
  } else if (auto waiting = live_.find(r.live); waiting != live_.end()) {
    auto& wait = waiting->second;
    if (now.mono_ms + wait_ms < wait.deadline_ms)
      wait.to_ask += r.want - std::min(got, r.want); // asked for again
    else if (got == 0)
      no_units(wait, now.mono_ms + wait_ms, now);
    if (got == 0) --wait.running;
    settle_live(r.live);
  }
  if (got == 0) {
    runs_.erase(found);
    return step(now);
  }
  r.fill.emplace(*ticket, cfg_.gen_id, r.use, std::move(written));
  r.at = stage::fetching;
  // Whatever came up since it was asked for: its units go back unused.
  if (paused_) r.fill->stop();
  finish_if_over(r, now);
  return step(now);
}

stocker::effects stocker_core::on_fetched(uint64_t number, const std::string& id, caf::expected<fetched_code> code,
                                          stamp now) {
  auto found = runs_.find(number);
  if (found == runs_.end() || found->second.at != stage::fetching) return step(now);
  if (code) {
    fetched(found->second, std::move(*code), now);
  } else {
    // The fetcher did not answer: the call may have been made.
    fetched_code lost;
    lost.id = id;
    lost.detail = render(code.error());
    fetched(found->second, std::move(lost), now);
  }
  return step(now);
}

void stocker_core::fetched(run& r, fetched_code&& code, stamp now) {
  image_verdict image;
  if (code.outcome == fetch_outcome::image) image = images_.look(code.image);
  auto verdict = judge(code, image.fault, r.probe && !probe_.passed());
  emit(stocker::say_ended{{r.fill->ticket().epoch, r.fill->ticket().seq, verdict.how}});
  if (verdict.limit) emit(stocker::say_limit{{code.errcode}});
  auto retry_after_ms = code.retry_after_ms;
  r.fill->ended(std::move(code), verdict, image, now.wall_ms);
  follow(r, verdict, image, retry_after_ms, now);
  finish_if_over(r, now);
}

void stocker_core::follow(run& r, const fetch_verdict& verdict, const image_verdict& image, uint32_t retry_after_ms,
                          stamp now) {
  switch (verdict.next) {
  case next_step::keep:
    trouble_.succeeded();
    if (!probe_.passed()) probe_.good();
    return;
  case next_step::retry:
    return;
  case next_step::bury:
    if (r.probe)
      if (auto why = probe_.bad(image.fault); !why.empty()) pause_self(why, now);
    return;
  case next_step::slow_down:
    next_ask_ms_ = std::max(next_ask_ms_, now.mono_ms + 1'000);
    wait_why_ = verdict.sentence;
    wait_is_wrong_ = true;
    return;
  case next_step::wait:
    trouble_.failed(now.mono_ms);
    trouble_why_ = verdict.sentence;
    wechat_back_ms_ = now.mono_ms + retry_after_ms;
    return;
  case next_step::stop:
    pause_self(verdict.sentence, now);
  }
}

void stocker_core::carry(std::vector<carried_id> ids) {
  for (auto& one : ids) (carried_.size() < carried_max ? carried_.push_back(one) : given_up_.push_back(one));
}

void stocker_core::finish_if_over(run& r, stamp now) {
  if (r.at != stage::fetching || !r.fill->over()) return;
  if (r.fill->stocked().empty() && r.fill->failures() > 0) {
    trouble_.failed(now.mono_ms);
    trouble_why_ = r.fill->last_failure();
  }
  carry(r.fill->take_carried());
  books_.dead(r.fill->dead_that_count());
  if (books_.too_many_dead())
    pause_self(fmt::format("{} of the last {} codes are dead; the last one: {}", books_.dead_last(),
                           books_.decided_last(), r.fill->last_failure()),
               now);
  r.images = r.fill->take_images().images;
  if (r.images.empty())
    begin_close(r, now);
  else
    store_images(r);
}

void stocker_core::store_images(run& r) {
  r.at = stage::storing;
  r.again_ms = 0;
  emit(stocker::write_images{r.number, {r.images}});
}

stocker::effects stocker_core::on_images_written(uint64_t number, const caf::error& failure, stamp now) {
  auto found = runs_.find(number);
  if (found == runs_.end() || found->second.at != stage::storing) return step(now);
  auto& r = found->second;
  if (failure) {
    if (passing(failure) && ++r.tries < image_write_tries_max) {
      r.again_ms = now.mono_ms + 1'000;
      return step(now);
    }
    disk_why_ = "Not stocking for a minute, since images could not be written: " + render(failure) + ".";
    disk_until_ms_ = now.mono_ms + disk_pause_ms;
    images_drop left;
    for (const auto& file : r.images) left.ids.push_back(file.id);
    emit(stocker::drop_images{std::move(left)});
    r.fill->images_failed();
  }
  r.images.clear();
  r.images.shrink_to_fit();
  begin_close(r, now);
  return step(now);
}

void stocker_core::begin_close(run& r, stamp now) {
  // Whoever waited for these codes may have given up: then they are stock like any other.
  if (!live_.contains(r.live)) r.live = 0;
  auto size = std::clamp<uint64_t>(estimate_.level(now.mono_ms) / 8, lot_codes_min, lot_codes_max);
  r.at = stage::closing;
  r.tries = 0;
  r.again_ms = 0;
  r.close = r.fill->close(static_cast<uint32_t>(size), r.live != 0 ? cfg_.incarnation : std::string{}, given_up_);
  given_up_.clear();
  emit(stocker::end_grant{r.number, r.close});
}

stocker::effects stocker_core::on_closed(uint64_t number, caf::expected<grant_closed> closed, stamp now) {
  auto found = runs_.find(number);
  if (found == runs_.end() || found->second.at != stage::closing) return step(now);
  auto& r = found->second;
  if (!closed) {
    // The images are there and the calls were made: this is repeated until the store takes it.
    if (++r.tries >= 2)
      close_why_ = "Not stocking, since the store does not take what was fetched: " + render(closed.error()) + ".";
    r.again_ms = now.mono_ms + std::min<int64_t>(5'000, 250ll << std::min(r.tries, 5u));
    return step(now);
  }
  close_why_.clear();
  auto count = static_cast<uint32_t>(r.close.stocked.size());
  books_.stocked(count, now.mono_ms);
  extra_ -= std::min<uint64_t>(extra_, count);
  estimate_.closed(count, !r.close.holder.empty());
  if (r.close.holder.empty()) unsealed_ = unsealed_ || count > 0;
  if (r.live != 0) live_run_ended(r, std::move(*closed));
  runs_.erase(found);
  return step(now);
}

void stocker_core::repeat_late(stamp now) {
  for (auto& [number, r] : runs_) {
    if (r.again_ms == 0 || now.mono_ms < r.again_ms) continue;
    r.again_ms = 0;
    if (r.at == stage::storing)
      store_images(r);
    else if (r.at == stage::closing)
      emit(stocker::end_grant{number, r.close});
  }
}

} // namespace qrwell
