#include "actors/pool_stocker/stocker_core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

constexpr uint32_t units_per_grant_max = 16;
constexpr int64_t publish_every_ms = 1'000;
constexpr int64_t unknown_hold_ms = 60'000;

} // namespace

stocker_core::stocker_core(pool_stocker_config cfg)
    : cfg_(std::move(cfg))
    , planner_(cfg_.low, cfg_.high, cfg_.open)
    , images_(cfg_.images)
    , probe_(cfg_.high) {}

stocker::effects stocker_core::on_tick(stamp now) {
  care(now);
  repeat_late(now);
  count_waiting(now);
  return step(now);
}

/// After every event: what is due by now. The only place that begins anything.
stocker::effects stocker_core::step(stamp now) {
  expire_live(now);
  for (auto& [number, r] : runs_) finish_if_over(r, now); // a pause may have ended them between two calls
  find_hold(now);
  plan_ = make_plan(now);
  ask_live(now);
  ask_stock(now);
  send_more();
  bool empty = estimate_.level(now.mono_ms) == 0;
  if (now.mono_ms >= next_publish_ms_ || paused_ != published_paused_ || empty != published_empty_) {
    next_publish_ms_ = now.mono_ms + publish_every_ms;
    published_paused_ = paused_;
    published_empty_ = empty;
    emit(stocker::publish{state(now)});
  }
  answer_live(now);
  return std::exchange(out_, {});
}

uint64_t stocker_core::codes_under_way() const {
  uint64_t sum = 0;
  for (const auto& [number, r] : runs_) {
    if (r.late || (r.use == quota_class::live && r.live != 0)) continue;
    sum += r.fill ? r.fill->could_send() + r.fill->in_flight() + r.fill->stocked().size() : r.want;
  }
  return sum;
}

uint32_t stocker_core::runs_of(quota_class use) const {
  return static_cast<uint32_t>(std::count_if(
      runs_.begin(), runs_.end(), [use](const auto& entry) { return entry.second.use == use && !entry.second.late; }));
}

bool stocker_core::anything_under_way() const {
  return runs_of(quota_class::stock) + runs_of(quota_class::live) > 0;
}

bool stocker_core::asking_stock() const {
  return std::any_of(runs_.begin(), runs_.end(), [](const auto& entry) {
    return entry.second.use == quota_class::stock && entry.second.at == stage::asking && !entry.second.late;
  });
}

/// The first of the things that stand in the way, in the order in which an operator would deal with them.
void stocker_core::find_hold(stamp now) {
  auto hold = [this](std::string why, int64_t until_ms, bool wrong, bool spares_live = false) {
    hold_ = std::move(why);
    hold_until_ms_ = until_ms;
    hold_is_wrong_ = wrong;
    hold_spares_live_ = spares_live;
  };
  hold_.clear();
  if (paused_)
    return hold("Paused: " + pause_reason_ + ".", now.mono_ms + unknown_hold_ms, pause_to_write_.has_value());
  if (auto problem = levels_problem(now.mono_ms); !problem.empty())
    return hold(std::move(problem), now.mono_ms + 2'000, levels_known_ || !levels_why_.empty());
  if (seen_.pool.gen_id != cfg_.gen_id)
    return hold(fmt::format("Not stocking: generation {} is current for this pool, this node is configured with {}.",
                            seen_.pool.gen_id, cfg_.gen_id),
                now.mono_ms + unknown_hold_ms, true);
  if (!free_bytes_) return hold("Reading the room that is left for images.", now.mono_ms + 2'000, false);
  if (*free_bytes_ < cfg_.min_free_bytes)
    return hold(fmt::format("Not stocking: {} MiB are free for images, images.min_free_bytes is {} MiB.",
                            *free_bytes_ >> 20, cfg_.min_free_bytes >> 20),
                now.mono_ms + unknown_hold_ms, true);
  if (now.mono_ms < disk_until_ms_) return hold(disk_why_, disk_until_ms_, true);
  if (!close_why_.empty()) return hold(close_why_, now.mono_ms + 5'000, true);
  auto quiet_until_ms = std::max(trouble_.until_ms(), wechat_back_ms_);
  if (trouble_.troubled() && now.mono_ms < quiet_until_ms)
    return hold("Waiting before the next try: " + trouble_why_ + ".", quiet_until_ms, true);
  if (now.mono_ms < next_ask_ms_ && !wait_why_.empty()) return hold(wait_why_, next_ask_ms_, wait_is_wrong_, true);
  if (now.mono_ms < stock_units_.ask_ms && stock_units_.worth_a_word)
    return hold(words_for_units(now), stock_units_.free_ms, false, true);
}

plan_output stocker_core::make_plan(stamp now) {
  plan_input in;
  in.wall_ms = now.wall_ms;
  in.level = estimate_.level(now.mono_ms);
  in.level_at_most = estimate_.at_most(now.mono_ms);
  in.reserve = cfg_.reserve;
  in.under_way = codes_under_way();
  in.extra = extra_;
  if (in.level >= cfg_.high) to_high_ = false;
  in.to_high = to_high_;
  in.per_minute = static_cast<double>(books_.per_minute(now.mono_ms));
  in.waiting = static_cast<uint32_t>(live_.size());
  in.hold = hold_;
  in.hold_for_ms = hold_until_ms_ - now.mono_ms;
  auto out = planner_.decide(in);
  if (!hold_.empty()) return out;
  // A try is no recovery: what was in the way still is, until something came, or nothing is to be made any more.
  if (trouble_.troubled() && (out.due > 0 || anything_under_way())) {
    out.sentence = words_for_trouble();
    out.retry_after_s = std::max(out.retry_after_s, whole_seconds(trouble_.delay_ms()));
  } else if (stock_units_.worth_a_word && now.mono_ms < stock_units_.free_ms) {
    out.sentence = words_for_units(now);
    out.retry_after_s = whole_seconds(stock_units_.free_ms - now.mono_ms);
  }
  return out;
}

void stocker_core::ask_stock(stamp now) {
  auto under_way = runs_of(quota_class::stock);
  if (plan_.due == 0 || now.mono_ms < std::max(next_ask_ms_, stock_units_.ask_ms)) return;
  if (asking_stock() || under_way >= cfg_.grants_under_way_max) return;
  bool probe = !probe_.passed();
  // Before the probes have passed, and after an outage, one at a time.
  if ((probe && under_way > 0) || (trouble_.troubled() && anything_under_way())) return;
  auto want = static_cast<uint32_t>(std::min<uint64_t>(plan_.due, units_per_grant_max));
  if (probe) want = std::min(want, probe_.want());
  if (trouble_.troubled()) want = 1;
  want = std::min(want, bucket_.available(plan_.share, cfg_.per_minute - cfg_.live_reserve, now.mono_ms));
  if (want == 0) return;
  run r;
  r.use = quota_class::stock;
  r.want = want;
  r.probe = probe;
  r.paced = plan_.share < 1;
  if (r.paced) bucket_.used(want);
  while (r.carried.size() < want && !carried_.empty()) {
    r.carried.push_back(std::move(carried_.front()));
    carried_.pop_front();
  }
  ask(std::move(r));
}

void stocker_core::ask_live(stamp now) {
  if (auto why = live_refusal(); !why.empty()) return stop_live(why);
  if (now.mono_ms < live_units_.ask_ms) return refuse_before_units(now);
  for (auto& [number, wait] : live_)
    while (wait.to_ask > 0) {
      if (runs_of(quota_class::live) >= cfg_.live_under_way_max) return;
      if (trouble_.troubled() && anything_under_way()) return stop_live(trouble_why_);
      run r;
      r.use = quota_class::live;
      r.live = number;
      r.want = trouble_.troubled() ? 1 : std::min(wait.to_ask, units_per_grant_max);
      wait.to_ask -= r.want;
      ++wait.running;
      ask(std::move(r));
    }
}

void stocker_core::ask(run r) {
  r.number = ++last_number_;
  grant_request request{cfg_.gen_id, r.use, r.want, {}};
  for (const auto& one : r.carried) request.carry.push_back(one.id);
  emit(stocker::ask_grant{r.number, std::move(request)});
  runs_.emplace(r.number, std::move(r));
}

void stocker_core::send_more() {
  uint32_t stock_calls = 0;
  for (const auto& [number, r] : runs_)
    if (r.fill && r.use == quota_class::stock) stock_calls += r.fill->in_flight();
  for (auto& [number, r] : runs_) {
    if (r.at != stage::fetching) continue;
    bool live = r.use == quota_class::live;
    uint32_t room =
        live ? units_per_grant_max : cfg_.calls_under_way_max - std::min(stock_calls, cfg_.calls_under_way_max);
    if (r.probe && probe_.one_at_a_time()) room = r.fill->in_flight() == 0 ? 1 : 0;
    uint32_t count = std::min(room, r.fill->could_send());
    if (count == 0) continue;
    // Said before the first byte may leave.
    emit(stocker::say_sent{{r.fill->ticket().epoch, r.fill->ticket().seq, count}});
    for (uint32_t i = 0; i < count; ++i)
      emit(stocker::fetch{number, {*r.fill->next(), cfg_.spec, cfg_.call_timeout_ms}});
    if (!live) stock_calls += count;
  }
}

} // namespace qrwell
