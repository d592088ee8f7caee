#pragma once

#include "messages/store.hpp"
#include "runtime/http/target.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

// What lists and statistics read alike. Each error is invalid_request or forbidden and names the parameter.

/// No other parameters than these, and none of them twice: what is misspelt would show more than was asked for.
caf::error check_params(const http::target& target, std::initializer_list<std::string_view> allowed);

/// A time, or `otherwise` without the parameter. A '+' of an offset that was not written as %2B is understood.
caf::expected<int64_t> read_time(const http::target& target, std::string_view name, int64_t otherwise);

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
