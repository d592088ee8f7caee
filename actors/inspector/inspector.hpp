#pragma once

#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"

#include <memory>
#include <vector>

namespace qrwell {

struct inspector_state {
  static constexpr const char* name = "inspector";
};

struct inspector_config {
  std::string node;
  uint32_t status_timeout_ms_max = 2'000; ///< however long the caller would wait
};

/// Reports all actors from their vitals, and what those say of themselves that answer in time: a stuck actor is
/// reported, never waited for. `actors` is asked at every query, so that restarted actors are found.
inspector_actor::behavior_type inspector(watched<inspector_actor, inspector_state>* self, vitals_ptr v,
                                         inspector_config cfg, std::shared_ptr<vitals_registry> registry,
                                         std::function<std::vector<status_actor>()> actors);

} // namespace qrwell
