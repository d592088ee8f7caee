#pragma once

#include "messages/errors.hpp"

#include <functional>
#include <string>

namespace qrwell {

struct binding_persister_config {
  std::string holder;                ///< this incarnation: claims lots in its name
  uint32_t waiting_max = 8'192;      ///< binds that wait, are under way or in quarantine; beyond: failed at once
  uint32_t group_max = 256;          ///< binds in a transaction
  uint32_t claims_waiting_max = 256; ///< beyond: failed at once
  uint32_t claims_per_group_max = 16;
  uint32_t lots_done_per_group_max = 256;
  uint32_t lots_done_waiting_max = 65'536; ///< beyond: forgotten, and stay held until this incarnation ends
  uint32_t resolve_backoff_min_ms = 50;
  uint32_t resolve_backoff_max_ms = 2'000;
  uint32_t hold_for_ms = 2'000;       ///< no new group for so long while it is unknown what became of the last one
  uint32_t pause_after_error_ms = 50; ///< before the next group
  uint32_t tick_ms = 50;
  uint32_t db_timeout_ms = 3'000; ///< of a request to the store: after it the outcome is unknown

  /// Told of every transaction that was committed: how long it took, from its sending to its answer, and its bindings.
  /// Called by the actor, so it must not block; may be empty.
  std::function<void(double seconds, size_t bindings)> on_commit;
};

/// Error invalid_config names the setting.
caf::error validate(const binding_persister_config& cfg);

} // namespace qrwell
