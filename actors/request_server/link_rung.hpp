#pragma once

#include <string>

namespace qrwell {

/// How a pool makes link codes.
struct link_rung {
  std::string prefix;    ///< what stands before the id in the text of a new one; empty: it makes none
  bool first = false;    ///< before a live code is tried
  bool no_stock = false; ///< the pool has link codes alone
};

} // namespace qrwell
