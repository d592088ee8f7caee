#pragma once

#include "messages/store.hpp"
#include "runtime/http/params.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

// What lists and statistics read alike. Each error is invalid_request or forbidden and names the parameter.

/// `tag`; empty: any.
caf::expected<std::string> read_tag(const http::target& target);

/// Whose rows, and of which pools.
struct rows_seen {
  std::string owner;              ///< empty: all owners
  std::vector<std::string> pools; ///< empty: all
};

/// `owner` and `pool`, inside of what the key may see: its own owner's rows in its pools, or everything for an admin.
caf::expected<rows_seen> read_rows_seen(const http::target& target, const api_key& key);

} // namespace qrwell
