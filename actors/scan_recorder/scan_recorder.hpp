#pragma once

#include "actors/scan_recorder/scan_counts.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <optional>

namespace qrwell {

struct scan_recorder_state {
  static constexpr const char* name = "scan_recorder";
  std::optional<scan_counts> counts;
  std::string store_problem;
  uint32_t flush_interval_ms = 0, store_timeout_ms = 0;
  log::trouble store_trouble, loss;
};

scan_recorder_actor::behavior_type scan_recorder(watched<scan_recorder_actor, scan_recorder_state>* self, vitals_ptr v,
                                                 scan_recorder_config cfg, store_writer_actor writer);

} // namespace qrwell
