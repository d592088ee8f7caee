#pragma once

#include "actors/code_server/link_image.hpp"
#include "messages/interfaces.hpp"
#include "runtime/codes/target_fields.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/http/target.hpp"
#include "runtime/http/visit.hpp"
#include "runtime/keys/key_watch.hpp"
#include "runtime/logging/repeats.hpp"

#include <deque>
#include <memory>
#include <string>

namespace qrwell {

struct code_server_config {
  std::string public_url; ///< without a slash at its end
  uint32_t store_timeout_ms = 1'500;
  size_t under_way_max = 1'024; ///< requests; past it 503
  size_t changes_max = 256;     ///< that the writer has not ended, their clients answered or not; past it 503
  present_target_limits target;
  link_images_config drawing;
};

caf::error validate(const code_server_config& cfg);

struct code_server_state {
  using self_pointer = watched<code_server_actor, code_server_state>*;
  /// A change whose client is answered at `until_ms` (steady), whatever the writer does.
  struct open_change {
    int64_t until_ms = 0;
    std::weak_ptr<http::visit<self_pointer>> who;
  };
  static constexpr const char* name = "code_server";
  std::deque<open_change> changes; ///< in the order of their times; those that ended are passed over
  size_t changes_open = 0;
  int64_t round_due_ms = 0;
  std::unique_ptr<key_watch<self_pointer>> keys;
  size_t under_way = 0;
  uint64_t shown = 0, changed = 0, images = 0, refused = 0, failed = 0, missing = 0;
  std::string last_missing; ///< id of a code whose image was not there
  log::limiter missing_images;
  std::unique_ptr<link_images> drawings;
};

/// Serves `GET /v1/codes/{id}` to keys that may read, PATCH and DELETE of it to keys that may issue, and the images of
/// bound codes to anyone. Whoever caches a scene hears of a change before the client does.
code_server_actor::behavior_type code_server(watched<code_server_actor, code_server_state>* self, vitals_ptr v,
                                             code_server_config cfg, wall_clock wall, store_reader_actor reader,
                                             store_writer_actor writer, image_worker_actor images,
                                             scan_server_actor scans);

} // namespace qrwell
