#pragma once

#include "runtime/plan/windows.hpp"

#include <cstdint>
#include <string>

namespace qrwell {

/// What the plan is made from.
struct plan_input {
  int64_t wall_ms = 0;
  uint64_t level = 0;         ///< codes in stock, as far as is known
  uint64_t level_at_most = 0; ///< and that may be in stock, if it is more
  uint64_t reserve = 0;       ///< of these, for core keys only
  uint64_t under_way = 0;     ///< codes that are being made
  uint64_t extra = 0;         ///< codes that an operator asked for, beside the plan
  bool to_high = false;       ///< an operator asked for `high`
  double per_minute = 0;      ///< codes stocked in the last 60 s
  uint32_t waiting = 0;       ///< requests that wait for a live code
  std::string hold;           ///< why nothing can be made at present; empty: something can
  int64_t hold_for_ms = 0;    ///< when that may be over
};

struct plan_output {
  uint64_t due = 0;           ///< codes to begin now
  double share = 1;           ///< of the app's quota, while filling
  std::string sentence;       ///< what the pool does now and why
  uint32_t retry_after_s = 1; ///< when it is worth to ask again for who finds nothing left, whatever `level` says
};

/// For a Retry-After: from one second to a day.
uint32_t whole_seconds(int64_t for_ms);

/// How much to stock, when, and why: inside a window up to `high` at the window's share of the quota; outside only up
/// to `low`; below `low` always, at full rate. What it lets begin never makes more than `high`, but for codes that an
/// operator asks for beside the plan.
class stock_plan {
public:
  stock_plan(uint64_t low, uint64_t high, windows open)
      : low_(low)
      , high_(high)
      , open_(std::move(open)) {}

  plan_output decide(const plan_input& in);

private:
  struct goal {
    uint64_t target = 0;
    double share = 1;
    std::string sentence;
  };

  goal choose(const plan_input& in) const;
  uint32_t retry_after_s(const plan_input& in) const;
  void look_at_clock(int64_t wall_ms);
  std::string when(int64_t unix_ms) const { return open_.local_text(unix_ms) + " (" + open_.timezone() + ")"; }

  uint64_t low_, high_;
  windows open_;
  // What the windows say, and for how long: looking that up costs more than all the rest.
  double share_ = 0;
  int64_t known_from_ms_ = 0, known_until_ms_ = 0, next_change_ms_ = 0;
};

} // namespace qrwell
