#pragma once

#include "messages/errors.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace qrwell {

struct quota_manager_config {
  std::string app;
  uint32_t app_id = 0;
  std::string holder;           ///< this process's incarnation
  std::vector<std::string> own; ///< older incarnations of this data directory: dead, since we hold its lock
  uint32_t per_minute = 5'000;  ///< WeChat's limit for the app
  uint32_t live_reserve = 200;  ///< units that stock leaves alone
  uint32_t grants_open_max = 6; ///< per class (docs/decisions/2026-11-21-open-grants.md)
  uint32_t lease_ttl_ms = 10'000;
  uint32_t renew_every_ms = 3'000;
  uint32_t gather_ms = 250; ///< a free unit waits this long for others before a stock grant goes out with fewer than 16
  uint32_t hold_max_ms = 1'000;   ///< a request waits this long for units
  uint32_t answer_max_ms = 8'000; ///< and this long in all, if the store is slow; askers must wait longer
  uint32_t store_timeout_ms = 5'000;
  uint32_t waiting_max = 64;      ///< requests
  uint32_t grants_known_max = 64; ///< of this process, of all its epochs, whose end is not in the store
  uint32_t abandoned_for_ms =
      60'000; ///< a dead asker's grants are closed as lost after this; no call of it is left by then
};

caf::error validate(const quota_manager_config& cfg);

} // namespace qrwell
