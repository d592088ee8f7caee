#pragma once

#include "actors/pool_stocker/image_check.hpp"
#include "messages/stock.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/plan/windows.hpp"

#include <string>

namespace qrwell {

struct pool_stocker_config {
  std::string pool, app;
  uint32_t app_id = 0;
  code_spec spec;
  uint32_t gen_id = 0; ///< the pool's current generation, which has this spec

  uint64_t low = 20'000, high = 200'000, reserve = 2'000; ///< codes
  int64_t age_out_ms = 24 * 3'600'000;                    ///< how long the stock of a former generation is kept
  windows open;

  uint32_t per_minute = 5'000; ///< the app's limit; a window's share is of this less the reserve
  uint32_t live_reserve = 200; ///< units a minute that stock leaves alone
  bool live_allowed = false;   ///< rung 1 of the ladder is configured, and this node can call WeChat
  bool link_allowed = false;   ///< rung 2 of the ladder is configured
  std::string incarnation;     ///< who holds the lots of live codes

  uint64_t min_free_bytes = 5ull << 30; ///< of the image store; below it nothing is stocked
  uint32_t grants_under_way_max = 6;
  uint32_t calls_under_way_max = 64; ///< without live ones
  uint32_t live_under_way_max = 4;   ///< live requests that are being fetched
  uint32_t live_waiting_max = 64;    ///< live requests that wait behind these; beyond: rate_limited
  uint32_t call_timeout_ms = 10'000;
  uint32_t tick_ms = 200;
  image_check_config images;

  wall_clock wall = system_wall_ms;
};

/// Error invalid_config naming what is out of range.
caf::error validate(const pool_stocker_config& cfg);

} // namespace qrwell
