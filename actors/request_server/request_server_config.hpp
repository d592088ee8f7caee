#pragma once

#include "actors/request_server/link_rung.hpp"
#include "actors/request_server/shelf.hpp"
#include "messages/errors.hpp"
#include "runtime/codes/issue_request.hpp"
#include "runtime/core/clock.hpp"

#include <functional>
#include <map>
#include <string>

namespace qrwell {

struct request_server_config {
  std::string public_url;               ///< in front of image_url; without '/' at its end
  uint32_t waiting_max = 8'192;         ///< requests that are here at once; beyond: overloaded
  uint32_t request_deadline_ms = 2'000; ///< what the front end counts from
  uint32_t live_deadline_ms = 5'000;    ///< instead, for a request that waits for a live fetch
  uint32_t answer_grace_ms = 5'000;     ///< past its deadline a bind without an end is answered as unknown
  uint32_t races_max = 3;               ///< further ids after one was lost
  uint32_t keys_refresh_ms = 2'000;     ///< the keys are read so often
  uint32_t keys_age_max_ms = 5'000;     ///< older ones are not believed
  uint32_t keys_retry_ms = 250;         ///< after a reading that failed
  uint32_t keys_again_ms = 1'000;       ///< an unknown key may cause one more reading so often
  uint32_t keys_waiting_max = 256;      ///< requests that wait for a reading
  uint32_t keys_used_flush_ms = 60'000; ///< last uses are told to the store so often
  uint32_t images_max = 256;            ///< images being read at once; beyond: overloaded
  /// Images of link codes; beyond: overloaded. Each takes a third of a millisecond, in which nobody else gets a code.
  uint32_t drawings_per_s_max = 400;
  uint32_t report_ms = 1'000; ///< shelf reports to the stockers
  uint32_t tick_ms = 100;
  uint32_t store_timeout_ms = 3'000;       ///< of requests to stores
  uint32_t live_timeout_ms = 60'000;       ///< of a live request: long, since late codes are stock
  std::map<std::string, uint8_t> on_empty; ///< of each pool the rungs that a request may name; missing: none
  std::map<std::string, link_rung> links;  ///< of each pool that makes link codes
  std::function<std::string()> mint;       ///< a new id, for a link code
  target_limits target;
  shelf_config shelf;
  wall_clock wall = system_wall_ms;
};

/// Error invalid_config names the setting.
caf::error validate(const request_server_config& cfg);

} // namespace qrwell
