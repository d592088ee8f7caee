#pragma once

#include "messages/common.hpp"

namespace qrwell {

/// What the inspector knows of one live actor, without asking it: from its vitals.
struct actor_vital {
  std::string kind, name, pool;
  int64_t started_ms = 0;
  uint64_t mailbox = 0; ///< messages waiting, about
  uint64_t handled = 0;
  std::string message; ///< the one being handled, or the last one
  bool busy = false;   ///< in `message` right now
  uint64_t busy_for_ms = 0;
  uint64_t restarts = 0;
  bool alive = true;
  std::string last_failure;
  QRWELL_FIELDS(actor_vital, kind, name, pool, started_ms, mailbox, handled, message, busy, busy_for_ms, restarts,
                alive, last_failure)
};

/// Asks for all actors; with `with_status` each is also asked for its own words, within `timeout_for_ms`.
struct inspect_query {
  bool with_status = true;
  uint32_t timeout_for_ms = 1'000;
  QRWELL_FIELDS(inspect_query, with_status, timeout_for_ms)
};

struct inspect_report {
  std::string node;
  int64_t now_ms = 0;
  std::vector<actor_vital> actors;
  std::vector<actor_status> statuses; ///< of those that answered in time
  QRWELL_FIELDS(inspect_report, node, now_ms, actors, statuses)
};

} // namespace qrwell
