#pragma once

#include "actors/pool_stocker/stocker_core.hpp"
#include "runtime/logging/repeats.hpp"

#include <map>
#include <optional>

namespace qrwell {

/// Writes down what becomes of a pool: what operators told it, pauses and their ends whoever caused them, stock that
/// gets low, is used up, or is full again, and what keeps it from stocking.
class stocker_log {
public:
  explicit stocker_log(const std::string& pool)
      : voice_("pool_stocker", pool) {}

  void commanded(const pool_command& command);
  void pause_asked(const pool_pause& pause) { last_pause_ = pause; }
  void aged(uint32_t gen_id, uint64_t codes);
  void published(const pool_state& state, const stocker_core::outlook& look, int64_t now_ms);

private:
  void pauses(const pool_state& state);
  void stock(const pool_state& state);

  log::voice voice_;
  log::trouble held_back_;
  pool_pause last_pause_;
  std::optional<bool> paused_; ///< as told last; none: nothing is known yet
  bool probed_ = false;
  // What may be told: again only once the stock has been clearly elsewhere.
  bool may_tell_empty_ = true, may_tell_low_ = true, may_tell_full_ = true;
  std::map<uint32_t, uint64_t> aged_; ///< codes, by generation that is ageing out
};

} // namespace qrwell
