#pragma once

#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <functional>

namespace qrwell {

struct caretaker_config {
  uint32_t watermark_interval_ms = 5'000;
  uint32_t purge_interval_ms = 60'000; ///< between rounds; within a round one bounded step follows the other
  uint32_t purge_rows_max = 500;
  uint32_t store_timeout_ms = 10'000;
};

caf::error validate(const caretaker_config& cfg);

struct caretaker_state {
  static constexpr const char* name = "caretaker";
  store_identity written;
  uint64_t purged = 0;
  int64_t purge_due_ms = 0;
  std::string problem;   ///< of the store and its watermark
  std::string deleting;  ///< why what is past its time is still there
  std::string directory; ///< of the data directory
  log::trouble trouble;
};

/// Housekeeping of a node: writes down how far the store has come, so that an older copy of it is noticed, and deletes
/// what is past its time. `check_directory` says whether the data directory is still this node's alone;
/// `write_watermark` blocks for a sync.
caretaker_actor::behavior_type caretaker(watched<caretaker_actor, caretaker_state>* self, vitals_ptr v,
                                         caretaker_config cfg, store_writer_actor writer, store_reader_actor reader,
                                         image_worker_actor images, std::function<caf::error()> check_directory,
                                         std::function<caf::error(const store_identity&)> write_watermark);

} // namespace qrwell
