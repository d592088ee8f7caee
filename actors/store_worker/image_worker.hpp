#pragma once

#include "actors/store_worker/lane_worker.hpp"
#include "runtime/stores/image_store.hpp"

namespace qrwell {

struct image_worker_state : lane_worker_state<image_store> {
  static constexpr const char* name = "image_worker";
};

/// Runs the image_store's calls in lanes: get > put > drop. Blocks in them: spawn it detached.
image_worker_actor::behavior_type image_worker(watched<image_worker_actor, image_worker_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<image_store> store);

} // namespace qrwell
