#pragma once

#include "messages/errors.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace qrwell {

struct store_worker_config {
  std::string name;                ///< for status: which engine, e.g. "writer"
  size_t lane_waiting_max = 1'024; ///< jobs; more are refused with `overloaded`

  bool gives_way = false; ///< its thread runs below all others and rests after each job: for what reads many rows

  /// Called once, from the worker's thread, when the engine says that its file is damaged (store_corrupt): the process
  /// must stop.
  std::function<void(const caf::error&)> on_fatal;

  /// App name and per_minute, for verify's check of the ledger.
  std::vector<std::pair<std::string, uint32_t>> limits;
};

caf::error validate(const store_worker_config& cfg);

} // namespace qrwell
