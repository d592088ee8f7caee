#pragma once

#include "messages/errors.hpp"

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace qrwell::http {

/// Parses one JSON text (depth at most 32, no duplicate keys); error invalid_request with line and column.
caf::expected<boost::json::value> parse_json(std::string_view text);

/// The same, with its memory from `where`, e.g. one monotonic_resource for a whole batch; the value must not outlive
/// it.
caf::expected<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr where);

/// RFC 8785 (JCS): the one canonical form of a JSON value, for hashes.
std::string canonical_json(const boost::json::value& value);

/// For people and programs: members in their order, no spaces, and every number in its shortest decimal form, as in 133
/// (boost::json::serialize writes 1.33E2). Whole numbers keep all their digits.
std::string json_text(const boost::json::value& value);

/// "application/json" or "...+json", whatever its parameters.
bool is_json_type(std::string_view content_type) noexcept;

/// RFC 3339 in UTC with milliseconds: 2026-01-02T03:04:05.678Z. The empty string for 0.
std::string format_time(int64_t unix_ms);

/// The other way round; any offset, seconds' fraction optional (cut to milliseconds). Error invalid_request, also for
/// times up to 1970.
caf::expected<int64_t> parse_time(std::string_view text);

} // namespace qrwell::http
