#pragma once

#include "actors/quota_manager/quota_core.hpp"
#include "tests/support/sim_database.hpp"

#include <memory>
#include <queue>
#include <random>

namespace qrwell::test {

struct world_options {
  uint64_t seed = 1;
  int64_t length_ms = 900'000;
  uint32_t per_minute = 1'000;
  bool faults = true;
  double call_min_s = 0.08, call_max_s = 0.35;
  quota_rules rules;
};

struct world_report {
  uint64_t calls = 0, lost = 0, takeovers = 0, freezes = 0, crashes = 0, steps = 0, failovers = 0, unknown = 0;
  uint32_t busiest = 0;  ///< calls in the busiest 60 s, as WeChat counts them
  double per_minute = 0; ///< calls a minute after the first two
  size_t rows_left = 0;  ///< grants in the database at the end
  std::string broken;    ///< a book that did not add up
};

/// Three nodes with the real quota_core, one database, and WeChat's count, on virtual time. Nodes freeze (with and
/// without their monotonic clock) and crash; the database's answers get lost, also of what it did, and some of what it
/// was asked is done long after it was given up; its clock steps and it fails over; calls get lost and are counted up
/// to L after their connection closed.
world_report run_world(const world_options& options);

} // namespace qrwell::test
