#pragma once

#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/http/target.hpp"
#include "runtime/http/visit.hpp"
#include "runtime/keys/key_watch.hpp"

#include <memory>
#include <string>

namespace qrwell {

struct bulk_server_config {
  std::string public_url;            ///< without a slash at its end
  uint32_t store_timeout_ms = 5'000; ///< many rows take longer than one
  size_t under_way_max = 64;         ///< requests; past it 503
  bool gives_way = false;            ///< its thread, which is its own, runs below all others
};

caf::error validate(const bulk_server_config& cfg);

struct bulk_server_state {
  static constexpr const char* name = "bulk_server";
  std::unique_ptr<key_watch<watched<bulk_server_actor, bulk_server_state>*>> keys;
  size_t under_way = 0;
  uint64_t lists = 0, stats = 0, refused = 0, failed = 0;
};

/// Serves `GET /v1/codes` and `GET /v1/stats` to keys that may read, from a reader of their own: however many rows they
/// make the store look at, scans, issues and reads of one code do not wait for them. `keys` is the reader of the keys,
/// and `writer` hears when they were used.
bulk_server_actor::behavior_type bulk_server(watched<bulk_server_actor, bulk_server_state>* self, vitals_ptr v,
                                             bulk_server_config cfg, wall_clock wall, store_reader_actor keys,
                                             store_reader_actor bulk, store_writer_actor writer);

} // namespace qrwell
