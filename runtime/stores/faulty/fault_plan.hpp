#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>

namespace qrwell {

/// What goes wrong with one call of a store.
enum class fault : uint8_t {
  none,
  failed,           ///< store_failed, nothing happened
  busy,             ///< store_busy, nothing happened
  disk_full,        ///< disk_full, nothing happened
  away,             ///< unavailable, nothing happened
  unknown_done,     ///< outcome_unknown, and it happened
  unknown_not_done, ///< outcome_unknown, and nothing happened
};

constexpr size_t fault_kinds = 7;

/// Says of each call of a faulty store what goes wrong with it: first what was scripted for it, then by chance.
/// Thread-safe: a drill turns the knobs while a worker calls.
class fault_plan {
public:
  /// The next `times` calls of this name, e.g. "bind"; of any name if it is empty.
  void script(const std::string& call, fault what, uint32_t times = 1);

  /// From now on, by chance: each kind of fault with its own probability per mille.
  struct chances {
    uint32_t failed = 0, busy = 0, disk_full = 0, away = 0, unknown_done = 0, unknown_not_done = 0;
  };
  void by_chance(uint64_t seed, chances per_mille);

  /// Each call first takes this long.
  void slow_by(uint32_t ms);

  /// No more faults; scripted ones are forgotten.
  void clear();

  struct verdict {
    fault what = fault::none;
    uint32_t slow_ms = 0;
  };
  verdict next(const std::string& call);

  uint64_t calls() const;
  uint64_t injected(fault what) const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<fault>> scripts_;
  chances chances_;
  std::mt19937_64 dice_{1};
  uint32_t slow_ms_ = 0;
  uint64_t calls_ = 0;
  std::array<uint64_t, fault_kinds> injected_{};
};

} // namespace qrwell
