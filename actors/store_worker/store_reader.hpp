#pragma once

#include "actors/store_worker/lane_worker.hpp"
#include "runtime/stores/code_store.hpp"

namespace qrwell {

struct store_reader_state : lane_worker_state<code_store> {
  static constexpr const char* name = "store_reader";
};

/// Runs the code_store's reading calls on a connection of its own. Blocks in them: spawn it detached.
store_reader_actor::behavior_type store_reader(watched<store_reader_actor, store_reader_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<code_store> store);

} // namespace qrwell
