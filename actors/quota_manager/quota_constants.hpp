#pragma once

#include <cstdint>

namespace qrwell {

// The constants of docs/quota.md. They belong to the proof: none is an option.

constexpr uint32_t units_per_grant_max = 16; ///< K
constexpr int64_t window_ms = 60'000;        ///< W: WeChat's limit is per minute, wherever the minute starts
constexpr int64_t guard_ms = 100;            ///< G: covers 1,600 ppm of drift of a monotonic clock over W
constexpr int64_t linger_ms = 10'000;    ///< L: assumption A1, WeChat counts a call no later than this after our close
constexpr int64_t clock_step_ms = 2'000; ///< S: assumption A2, one database server's clock steps less than this
constexpr int64_t call_timeout_ms = 10'000; ///< T_call: no attempt lasts longer

/// What the proof needs, as switches, so that the simulation can show that it notices when one is missing. Production
/// spawns only the default.
struct quota_rules {
  bool charge_open_grants = true; ///< a new leader counts all units of a grant that nobody closed as used
  bool linger = true;             ///< a unit whose call was lost cools L longer
  bool check_epoch = true;        ///< a grant exists only if the lease row still had our epoch when it was written
  bool read_grants = true;        ///< a new leader starts from the grants that exist, not from an empty book
};

/// A grant's name within its app; grants of a later epoch were written later.
struct grant_key {
  uint64_t epoch = 0, seq = 0;
  friend auto operator<=>(const grant_key&,
                          const grant_key&) = default; // NOLINT: clang-tidy 14 sees a null pointer here
};

} // namespace qrwell
