#pragma once

#include "messages/common.hpp"

// Limits that running actors take over when the configuration is read again. What is under way ends under the limits
// that it began with; nothing is dropped because a limit became smaller. Values have passed the actor's validate().

namespace qrwell {

/// For the request_server.
struct issue_limits {
  uint32_t waiting_max = 0;         ///< requests that are here at once
  uint32_t request_deadline_ms = 0; ///< of a request that has none of its own yet
  uint32_t live_deadline_ms = 0;    ///< of one that waits for a live fetch
  uint32_t store_timeout_ms = 0;
  uint32_t shelf_lots_max = 0; ///< of each pool
  uint64_t path_bytes_max = 0, query_bytes_max = 0, tag_bytes_max = 0;
  uint32_t tags_max = 0;
  QRWELL_FIELDS(issue_limits, waiting_max, request_deadline_ms, live_deadline_ms, store_timeout_ms, shelf_lots_max,
                path_bytes_max, query_bytes_max, tag_bytes_max, tags_max)
};

/// For the binding_persister.
struct bind_limits {
  uint32_t waiting_max = 0, group_max = 0, db_timeout_ms = 0;
  QRWELL_FIELDS(bind_limits, waiting_max, group_max, db_timeout_ms)
};

/// For the scan_server.
struct scan_limits {
  uint64_t cache_entries_max = 0;
  uint32_t store_timeout_ms = 0;
  QRWELL_FIELDS(scan_limits, cache_entries_max, store_timeout_ms)
};

/// For the scan_recorder.
struct count_limits {
  uint32_t flush_interval_ms = 0, store_timeout_ms = 0;
  uint64_t batch_max = 0, waiting_max = 0;
  QRWELL_FIELDS(count_limits, flush_interval_ms, store_timeout_ms, batch_max, waiting_max)
};

/// For those who tell operators: options of the file that differ from what runs and wait for a restart. Replaces what
/// was told before.
struct restart_pending {
  std::vector<std::string> options; ///< as in "pools[default].stock.high"
  QRWELL_FIELDS(restart_pending, options)
};

} // namespace qrwell
