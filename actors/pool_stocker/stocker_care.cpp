#include "actors/pool_stocker/stocker_core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

constexpr int64_t levels_every_ms = 1'000, levels_stale_ms = 30'000;
constexpr int64_t space_every_ms = 10'000;
constexpr int64_t seal_every_ms = 1'000;
constexpr uint32_t lot_filling_max_ms = 5'000;
constexpr int64_t age_retry_ms = 5'000, age_check_ms = 3'600'000;
constexpr uint64_t extra_max = 10'000'000;

} // namespace

void stocker_core::care(stamp now) {
  if (!levels_asked_ && now.mono_ms >= next_levels_ms_) {
    levels_asked_ = true;
    next_levels_ms_ = now.mono_ms + levels_every_ms;
    pause_changes_asked_ = pause_changes_;
    estimate_.asked();
    emit(stocker::read_levels{++last_number_, {cfg_.pool}});
  }
  if (!space_asked_ && now.mono_ms >= next_space_ms_) {
    space_asked_ = true;
    next_space_ms_ = now.mono_ms + space_every_ms;
    emit(stocker::read_space{});
  }
  if (pause_to_write_ && !pause_writing_ && now.mono_ms >= pause_again_ms_) {
    pause_writing_ = true;
    emit(stocker::write_pause{0, *pause_to_write_});
  }
  if (!levels_known_) return;
  seal_lots(now);
  age_generations(now);
}

stocker::effects stocker_core::on_levels(uint64_t, caf::expected<stock_levels> levels, stamp now) {
  levels_asked_ = false;
  if (!levels) {
    levels_why_ = render(levels.error());
    return step(now);
  }
  levels_why_.clear();
  levels_at_ms_ = now.mono_ms;
  seen_ = std::move(*levels);
  level_ = {};
  for (const auto& one : seen_.levels)
    if (one.gen_id == cfg_.gen_id) level_ = one;
  for (const auto& one : seen_.generations)
    if (one.gen_id == cfg_.gen_id) spec_ = one.spec;
  estimate_.told(level_.ready_codes + level_.filling_codes, level_.held_codes, now.mono_ms);
  // A generation that has stock was probed when it was new.
  if (!levels_known_ && level_.ready_codes + level_.filling_codes + level_.held_codes > 0) probe_.pass();
  levels_known_ = true;
  // What was read before a pause or resume of ours says nothing about it.
  bool of_before = pause_changes_asked_ != pause_changes_ || pause_to_write_ || !commands_.empty();
  if (!of_before && (seen_.pool.paused != paused_ || (paused_ && seen_.pool.pause_reason != pause_reason_)))
    set_paused(seen_.pool.paused, seen_.pool.pause_reason);
  return step(now);
}

std::string stocker_core::levels_problem(int64_t mono_ms) const {
  if (!levels_known_)
    return levels_why_.empty() ? "Reading the stock."
                               : "Not stocking, since the store does not tell the stock: " + levels_why_ + ".";
  if (mono_ms - levels_at_ms_ < levels_stale_ms) return {};
  return "Not stocking, since the store has not told the stock for 30 s: " +
         (levels_why_.empty() ? "no answer" : levels_why_) + ".";
}

stocker::effects stocker_core::on_space(caf::expected<free_space> space, stamp now) {
  space_asked_ = false;
  if (space) free_bytes_ = space->free_bytes;
  return step(now);
}

void stocker_core::set_paused(bool paused, const std::string& reason) {
  paused_ = paused;
  pause_reason_ = reason;
  if (paused) {
    for (auto& [number, r] : runs_)
      if (r.fill) r.fill->stop();
    return;
  }
  // A person has looked: what was held against the pool is forgiven.
  books_.forgive();
  trouble_.succeeded();
  probe_.again();
  if (!probe_.passed()) images_.forget_size();
  next_ask_ms_ = 0;
  wait_why_.clear();
}

/// Stops at once, and has it written down, so that a restart does not begin anew with what cannot work.
void stocker_core::pause_self(const std::string& reason, stamp now) {
  if (paused_) return;
  ++pause_changes_;
  set_paused(true, reason);
  pause_to_write_ = pool_pause{cfg_.pool, true, reason, "pool_stocker"};
  pause_writing_ = true;
  pause_again_ms_ = now.mono_ms;
  emit(stocker::write_pause{0, *pause_to_write_});
}

stocker::effects stocker_core::on_pause_written(uint64_t command, const pool_pause& asked, caf::expected<pool_row> row,
                                                stamp now) {
  if (command == 0) pause_writing_ = false;
  auto found = commands_.find(command);
  if (!row) {
    if (command == 0) pause_again_ms_ = now.mono_ms + 1'000;
    if (found != commands_.end()) {
      emit(stocker::answer_command{command, {}, row.error()});
      commands_.erase(found);
    }
    return step(now);
  }
  ++pause_changes_;
  if (command == 0) pause_to_write_.reset();
  if (command != 0 || asked.paused != paused_) {
    // An operator's word replaces a pause of our own that is not written yet.
    pause_to_write_.reset();
    set_paused(row->paused, row->pause_reason);
  }
  auto out = step(now);
  if (found != commands_.end()) {
    out.emplace_back(stocker::answer_command{command, state(now), {}});
    commands_.erase(found);
  }
  return out;
}

stocker::effects stocker_core::on_command(uint64_t number, const pool_command& command, stamp now) {
  auto answer = [&](caf::error failure) {
    auto out = step(now);
    out.emplace_back(stocker::answer_command{number, failure ? pool_state{} : state(now), failure});
    return out;
  };
  if (command.pool != cfg_.pool)
    return answer(fail(ec::not_found, "pool \"" + command.pool + "\" is not the one of this stocker, " + cfg_.pool));
  if (command.verb == pool_verb::fill) {
    if (paused_)
      return answer(fail(ec::conflict, "pool " + cfg_.pool + " is paused (" + pause_reason_ + "): resume it first"));
    if (command.count > extra_max) return answer(fail(ec::invalid_request, "count: at most 10,000,000 codes at once"));
    if (command.count == 0)
      to_high_ = true;
    else
      extra_ = command.count;
    return answer({});
  }
  bool pause = command.verb == pool_verb::pause;
  auto reason = pause && command.reason.empty() ? "by " + command.actor : command.reason;
  commands_.emplace(number, command);
  auto out = step(now);
  out.emplace_back(stocker::write_pause{number, {cfg_.pool, pause, reason, command.actor}});
  return out;
}

/// A lot that fills slowly is closed early, and at once when there is nothing else for the shelf.
void stocker_core::seal_lots(stamp now) {
  if (sealing_ || now.mono_ms < next_seal_ms_ || (!unsealed_ && level_.filling_codes == 0)) return;
  sealing_ = true;
  next_seal_ms_ = now.mono_ms + seal_every_ms;
  bool hungry = level_.ready_codes == 0;
  emit(stocker::seal{{cfg_.gen_id, hungry ? 500 : lot_filling_max_ms}});
}

stocker::effects stocker_core::on_sealed(const caf::error& failure, stamp now) {
  sealing_ = false;
  if (!failure) unsealed_ = false; // what it left behind shows in the next levels
  return step(now);
}

/// Since when the generations that are not current are not. One that was so before the last change is kept a little
/// longer than it must be; none is shorter, also when a look comes and goes and comes again.
int64_t stocker_core::aged_since_ms() const {
  return seen_.pool.updated_ms;
}

/// Stock of a generation that is not current any more is kept for age_out_ms, in case the change is taken back, and
/// then made dead, some at a time.
void stocker_core::age_generations(stamp now) {
  if (ageing_ || now.mono_ms < next_age_ms_) return;
  const generation_row* current = nullptr;
  for (const auto& one : seen_.generations)
    if (one.gen_id == seen_.pool.gen_id) current = &one;
  if (!current) return;
  for (const auto& one : seen_.generations) {
    if (one.state != generation_state::ageing || one.gen_id == current->gen_id || aged_out_.contains(one.gen_id))
      continue;
    if (now.wall_ms < aged_since_ms() + cfg_.age_out_ms) continue;
    ageing_ = true;
    age_out request;
    request.gen_id = one.gen_id;
    emit(stocker::age{request});
    return;
  }
  // Nothing is due. What was aged out is looked at again now and then: a node that did not know yet of the change may
  // have stocked a last grant.
  next_age_ms_ = now.mono_ms + (aged_out_.empty() ? levels_every_ms : age_check_ms);
  aged_out_.clear();
}

stocker::effects stocker_core::on_aged(uint32_t gen_id, caf::expected<affected> aged, stamp now) {
  ageing_ = false;
  if (!aged) {
    next_age_ms_ = now.mono_ms + age_retry_ms;
    return step(now);
  }
  if (aged->count == 0) aged_out_.insert(gen_id);
  if (!aged->ids.empty()) emit(stocker::drop_images{{std::move(aged->ids)}});
  return step(now);
}

} // namespace qrwell
