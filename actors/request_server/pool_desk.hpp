#pragma once

#include "actors/request_server/ladder.hpp"
#include "actors/request_server/link_rung.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace qrwell {

/// What the desk knows of one pool.
struct pool_desk {
  std::string name;
  uint8_t on_empty = 0; ///< the rungs of the pool's own list
  std::unique_ptr<qrwell::ladder> ladder;
  std::string spec, image_format; ///< empty: its stocker has not said yet
  link_rung link;
  std::array<uint64_t, rungs> issued{}; ///< by rung
};

} // namespace qrwell
