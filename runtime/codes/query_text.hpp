#pragma once

#include "messages/errors.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace qrwell {

constexpr size_t query_bytes_max = 2'048; ///< of the percent-encoded form, unless told otherwise

/// What a `query` of a request becomes: an object of strings, numbers and booleans, or one query string.
struct query_forms {
  std::string as_sent; ///< compact JSON with the members in their order: what is stored and shown
  std::string encoded; ///< what stands behind the '?' of the page's path
};

/// Error invalid_request names the member and what is allowed.
caf::expected<query_forms> read_query(const boost::json::value& query, size_t encoded_bytes_max = query_bytes_max);

/// The encoded form of what is stored (`as_sent` above, or empty). Text that is not ours gives the empty string.
std::string encoded_query(std::string_view as_sent);

/// Path and encoded query: what a scene calls `url`.
std::string target_url(std::string_view path, std::string_view query_as_sent);

/// Appends a JSON string with its quotes. `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

} // namespace qrwell
