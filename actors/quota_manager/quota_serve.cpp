#include "actors/quota_manager/quota_core.hpp"

#include <algorithm>
#include <limits>

// Who gets units, when, and what happens to a grant before it is out and when nobody uses it.

namespace qrwell {
namespace {

constexpr auto never = std::numeric_limits<int64_t>::max();
constexpr int64_t retry_after_min_ms = 50, retry_after_max_ms = 600'000;
// A stocker that was sent away comes back when it was told to, and after 10 s at the latest; one that does not within a
// second has other worries, and the units are for those who wait.
constexpr int64_t comes_back_max_ms = 10'000, late_max_ms = 1'000;

} // namespace

int64_t quota_core::free_for(quota_class use) const {
  return int64_t{book_.counts().free} - (use == quota_class::stock ? int64_t{cfg_.live_reserve} : 0);
}

uint32_t quota_core::grants_open(quota_class use) const {
  auto of_class = [&](const auto& entry) { return entry.second.use == use && entry.first.epoch == book_.epoch(); };
  return static_cast<uint32_t>(std::count_if(grants_.begin(), grants_.end(), of_class));
}

uint32_t quota_core::units_for(const waiting_request& request) const {
  return std::min({units_per_grant_max, request.ask.want, rate_.grant_units_max()});
}

// When the request can be served, if only time passes.
int64_t quota_core::ready_ms(const waiting_request& request, quota_now now) const {
  auto use = request.ask.use;
  if (!book_.leads() || grants_open(use) >= cfg_.grants_open_max || grants_.size() >= cfg_.grants_known_max)
    return never;
  auto at = std::max({now.mono_ms, store_again_ms_, rate_.next_grant_ms(now.mono_ms, now.wall_ms)});
  if (at == never) return never;
  auto have = free_for(use), want = int64_t{units_for(request)};
  // What does not cool yet is in use: its minute begins when its call ends.
  auto free_at = [&](int64_t units) {
    return have >= units
               ? now.mono_ms
               : std::min(book_.when_free(static_cast<uint32_t>(units - have)), now.mono_ms + window_ms + guard_ms);
  };
  // Live goes at once with what there is; stock waits a little for a full grant, since each costs two transactions.
  if (use == quota_class::live) return std::max(at, free_at(1));
  at = std::max(at, pace_.next_ms());
  auto first = have >= 1 && stock_free_since_ms_ != 0 ? stock_free_since_ms_ : free_at(1);
  return std::max(at, std::min(free_at(want), first + cfg_.gather_ms));
}

void quota_core::serve(quota_now now) {
  for (auto use : {quota_class::live, quota_class::stock})
    while (const auto* next = queue_.next(use, now.mono_ms)) {
      if (ready_ms(*next, now) > now.mono_ms) break;
      auto units = static_cast<uint32_t>(std::min<int64_t>(units_for(*next), free_for(use)));
      open(queue_.take(next->no, units), units, now);
    }
}

void quota_core::open(const waiting_request& request, uint32_t units, quota_now now) {
  auto key = book_.open(units);
  auto& g = grants_[key];
  g.no = request.no;
  g.requester = request.requester;
  g.answer_by_ms = request.since_ms + cfg_.answer_max_ms;
  g.gen_id = request.ask.gen_id;
  g.use = request.ask.use;
  g.ids.assign(request.ask.carry.begin(), request.ask.carry.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(
                                                                          units, request.ask.carry.size())));
  while (g.ids.size() < units) g.ids.push_back(mint_());
  g.trial = rate_.opened(now.mono_ms);
  pace_.used(units, rate_.effective(), now.mono_ms);
  stock_free_since_ms_ = free_for(quota_class::stock) > 0 ? now.mono_ms : 0;
  open_no_[key] = ++writes_;
  out_.opens.push_back(
      {"app:" + cfg_.app, cfg_.app_id, cfg_.holder, key.epoch, key.seq, g.gen_id, g.use, g.ids, cfg_.lease_ttl_ms});
}

void quota_core::hand_out(grant_key key, grant& g, quota_now now) {
  g.at = phase::out;
  g.out_since_ms = now.mono_ms;
  out_.tickets.emplace_back(std::exchange(g.no, 0), grant_ticket{cfg_.app_id, key.epoch, key.seq, g.ids, 0});
}

// A row that is there and that nobody was ever told of.
void quota_core::close_unused(grant_key key, const grant& g, quota_now now) {
  book_.close(key, 0, 0, now.mono_ms);
  grant_close end{cfg_.app_id, key.epoch, key.seq, g.gen_id, g.use, 0, 0, {}, {}, {}, 250, {}};
  auto i = grants_.find(key);
  if (i != grants_.end()) {
    if (auto no = std::exchange(i->second.no, 0)) send_away(no, store_pause_ms);
    end_trial(i->second, now);
    i->second.at = phase::ending;
  }
  closer_.add(std::move(end), 0);
}

// The grant was never written.
void quota_core::withdraw(grant_key key, quota_now now) {
  auto i = grants_.find(key);
  if (i == grants_.end()) return;
  if (i->second.no != 0) send_away(i->second.no, store_pause_ms);
  end_trial(i->second, now);
  book_.withdraw(key);
  grants_.erase(i);
}

void quota_core::end_trial(const grant& g, quota_now now) {
  if (g.trial) rate_.trial_ended(g.answered, now.mono_ms);
}

void quota_core::give_up_waiting(quota_now now) {
  // Whoever cannot be served in time hears so at once, with when it is worth asking again.
  for (auto use : {quota_class::live, quota_class::stock})
    while (const auto* next = book_.leads() ? queue_.next(use, now.mono_ms) : nullptr) {
      auto ready = ready_ms(*next, now);
      if (ready == never || ready <= next->since_ms + cfg_.hold_max_ms) break;
      send_away(queue_.take(next->no, 0), ready - now.mono_ms, now);
    }
  for (auto no : queue_.older_than(now.mono_ms - cfg_.hold_max_ms)) {
    if (!book_.leads()) continue; // the answer to the first take_lease decides
    auto request = queue_.take(no, 0);
    auto ready = ready_ms(request, now);
    send_away(request, ready == never ? 1'000 : ready - now.mono_ms, now);
  }
  for (auto& [key, g] : grants_)
    if (g.no != 0 && now.mono_ms >= g.answer_by_ms) send_away(std::exchange(g.no, 0), 1'000);
}

void quota_core::send_away(const waiting_request& request, int64_t again_in_ms, quota_now now) {
  if (request.ask.use == quota_class::stock)
    queue_.keep_place(request.requester, now.mono_ms +
                                             std::min(std::max(again_in_ms, retry_after_min_ms), comes_back_max_ms) +
                                             late_max_ms);
  send_away(request.no, again_in_ms);
}

void quota_core::send_away(uint64_t no, int64_t again_in_ms) {
  grant_ticket none;
  none.app_id = cfg_.app_id;
  none.retry_after_ms = static_cast<uint32_t>(std::clamp(again_in_ms, retry_after_min_ms, retry_after_max_ms));
  out_.tickets.emplace_back(no, std::move(none));
}

} // namespace qrwell
