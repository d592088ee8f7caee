#pragma once

#include "actors/store_worker/lane_worker.hpp"
#include "runtime/stores/code_store.hpp"

namespace qrwell {

struct store_writer_state : lane_worker_state<code_store> {
  static constexpr const char* name = "store_writer";
  uint64_t binds = 0; ///< since the last slice of an import
};

/// Runs the code_store's writing calls, one at a time. Blocks in them: spawn it detached.
store_writer_actor::behavior_type store_writer(watched<store_writer_actor, store_writer_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<code_store> store);

} // namespace qrwell
