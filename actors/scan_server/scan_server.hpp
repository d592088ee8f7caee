#pragma once

#include "actors/scan_server/scene_desk.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <optional>

namespace qrwell {

struct scan_server_state {
  static constexpr const char* name = "scan_server";
  std::optional<scene_desk> desk;
  uint32_t store_timeout_ms = 0;
  log::trouble store_trouble;
  std::vector<answer_sink> sinks; ///< front ends, in the order in which they first asked
};

/// Resolves scenes. `readers` share the look-ups, in turn.
scan_server_actor::behavior_type scan_server(watched<scan_server_actor, scan_server_state>* self, vitals_ptr v,
                                             scan_server_config cfg, std::shared_ptr<const mac_keys> keys,
                                             wall_clock wall, store_reader_actor reader, scan_recorder_actor recorder);

} // namespace qrwell
