#include "actors/store_worker/worker_config.hpp"

namespace qrwell {

caf::error validate(const store_worker_config& cfg) {
  if (cfg.name.empty()) return fail(ec::invalid_config, "store worker: it needs a name");
  if (cfg.lane_waiting_max == 0 || cfg.lane_waiting_max > 1'000'000)
    return fail(ec::invalid_config, "store worker " + cfg.name + ": lane_waiting_max must be 1 to 1000000");
  return {};
}

} // namespace qrwell
