#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace qrwell::wechat {

struct breaker_config {
  uint32_t failures_max = 5; ///< in a row, then it opens
  uint32_t backoff_min_ms = 1'000;
  uint32_t backoff_max_ms = 60'000;
  uint32_t settled_after = 20; ///< good calls in a row, then the pauses begin short again: one that works for its probe
                               ///< and fails for the rest is left for longer each time
};

/// A pause that doubles with every failure in a row: evenly spread over [limit/2, limit] with limit = 2 * min *
/// 2^(n-1), at most max; so the first is min to 2 min. Spread, so that many callers do not come back at the same
/// instant.
uint32_t backoff_ms(uint32_t failures, uint32_t min_ms, uint32_t max_ms, std::mt19937_64& random);

/// Keeps calls from a host that does not answer, and lets one through now and then to see whether it does again.
class breaker {
public:
  enum class state : uint8_t { closed, open, half_open };

  breaker(breaker_config cfg, uint64_t seed)
      : cfg_(cfg)
      , random_(seed) {}

  state now() const noexcept { return state_; }

  /// Whether a call may start at `now_ms`: yes when closed, once when the pause of an open one is over.
  bool may_call(int64_t now_ms) const noexcept;

  /// 0 if a call may start; while the one probe is under way, the shortest pause.
  uint32_t wait_for_ms(int64_t now_ms) const noexcept;

  // Every call is told by started(), and its end by one of the others. What was begun before it opened changes nothing
  // any more but by success.
  void started(int64_t now_ms) noexcept;
  void succeeded() noexcept;
  void failed(int64_t now_ms);
  /// It opens now, whatever was before: there is somewhere else to go.
  void leave(int64_t now_ms);
  /// It ended without saying anything about the host.
  void abandoned() noexcept;

private:
  breaker_config cfg_;
  std::mt19937_64 random_;
  state state_ = state::closed;
  uint32_t failures_ = 0; ///< in a row
  uint32_t opened_ = 0;   ///< since it was settled
  uint32_t good_ = 0;     ///< in a row
  int64_t open_until_ms_ = 0;
};

std::string_view to_string(breaker::state s) noexcept;

} // namespace qrwell::wechat
