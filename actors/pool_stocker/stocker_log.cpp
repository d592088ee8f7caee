#include "actors/pool_stocker/stocker_log.hpp"

namespace qrwell {
namespace {

constexpr std::string_view own_name = "pool_stocker";

std::string_view word_of(pool_verb verb) {
  return verb == pool_verb::pause ? "pause" : verb == pool_verb::resume ? "resume" : "fill";
}

} // namespace

void stocker_log::commanded(const pool_command& command) {
  voice_.info(
      "pool command",
      {{"verb", word_of(command.verb)}, {"by", command.actor}, {"reason", command.reason}, {"count", command.count}});
}

void stocker_log::published(const pool_state& state, const stocker_core::outlook& look, int64_t now_ms) {
  held_back_.tell(voice_, "stocking is held back", look.problem, now_ms);
  if (!look.levels_known) return;
  pauses(state);
  if (look.probed && !std::exchange(probed_, true)) voice_.info("generation probed", {{"generation", state.gen_id}});
  stock(state);
}

void stocker_log::pauses(const pool_state& state) {
  if (paused_ == state.paused) return;
  auto known = std::exchange(paused_, state.paused).has_value();
  // One that another process wrote into the store, or that was there before this start, has no name here.
  auto by = last_pause_.paused == state.paused ? last_pause_.actor : std::string();
  if (state.paused)
    voice_.write(by == own_name ? log::level::error : log::level::warn, "pool paused",
                 {{"reason", state.pause_reason}, {"by", by}, {"stock", state.level}});
  else if (known)
    voice_.info("pool resumed", {{"by", by}, {"stock", state.level}});
}

void stocker_log::stock(const pool_state& s) {
  if (s.high == 0) return; // nothing is stocked: it is never filled and never used up
  auto room = std::max((s.high - std::min(s.low, s.high)) / 4, s.high / 10 + 1);
  if (s.level >= s.high) {
    if (std::exchange(may_tell_full_, false))
      voice_.info("pool filled", {{"stock", s.level}, {"high", s.high}, {"generation", s.gen_id}});
  } else if (s.level + room < s.high || s.level == 0) {
    may_tell_full_ = true;
  }
  if (s.level < s.low) {
    if (std::exchange(may_tell_low_, false))
      voice_.info("stock is below low", {{"stock", s.level}, {"low", s.low}, {"plan", s.plan}});
  } else if (s.level >= s.low + s.low / 10) {
    may_tell_low_ = true;
  }
  if (s.level == 0) {
    if (std::exchange(may_tell_empty_, false))
      voice_.warn("stock is used up", {{"plan", s.plan}, {"retry_after_s", s.retry_after_s}});
  } else if (s.level >= s.low / 10 + 1) {
    may_tell_empty_ = true;
  }
}

void stocker_log::aged(uint32_t gen_id, uint64_t codes) {
  if (codes > 0) {
    aged_[gen_id] += codes;
    return;
  }
  auto done = aged_.extract(gen_id);
  if (!done.empty()) voice_.info("generation aged out", {{"generation", gen_id}, {"codes", done.mapped()}});
}

} // namespace qrwell
