#pragma once

#include "actors/pool_stocker/stocker_core.hpp"
#include "actors/pool_stocker/stocker_log.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"

#include <unordered_map>

namespace qrwell {

/// Who wants to know what a pool is doing.
using pool_state_sink = caf::typed_actor<caf::reacts_to<pool_state>>;

struct pool_stocker_state {
  static constexpr const char* name = "pool_stocker";

  std::unique_ptr<stocker_core> core;
  wall_clock wall;
  vitals_ptr vitals;
  quota_manager_actor quota;
  wechat_fetcher_actor fetcher;
  store_writer_actor writer;
  store_reader_actor reader;
  image_worker_actor images;
  std::vector<pool_state_sink> sinks;
  std::optional<stocker_log> lines;
  uint32_t call_timeout_ms = 0;

  // Promises by the numbers that the core knows them by.
  std::unordered_map<uint64_t, caf::typed_response_promise<live_codes>> live;
  std::unordered_map<uint64_t, caf::typed_response_promise<pool_state>> commands;
  uint64_t last_promise = 0;
};

/// The plan and the books of one pool. `cfg` has passed validate(); the pool's generation is in the store. All of the
/// logic is in stocker_core: this only carries its effects out.
pool_stocker_actor::behavior_type pool_stocker(watched<pool_stocker_actor, pool_stocker_state>* self, vitals_ptr v,
                                               pool_stocker_config cfg, quota_manager_actor quota,
                                               wechat_fetcher_actor fetcher, store_writer_actor writer,
                                               store_reader_actor reader, image_worker_actor images,
                                               std::vector<pool_state_sink> sinks);

} // namespace qrwell
