#pragma once

#include "messages/errors.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace qrwell {

/// How large the parts of a target may be.
struct target_limits {
  uint64_t path_bytes_max = 512;
  uint64_t query_bytes_max = 2'048; ///< in its percent-encoded form
  uint32_t tags_max = 8;
  uint64_t tag_bytes_max = 32;
};

/// Limits that another reading of the configuration may change: whoever asks gets the present ones.
class present_target_limits {
public:
  present_target_limits() = default;
  present_target_limits(std::function<target_limits()> now)
      : now_(std::move(now)) {}

  operator target_limits() const { return now_ ? now_() : target_limits{}; }

private:
  std::function<target_limits()> now_; ///< none: the defaults
};

constexpr uint32_t expires_in_s_max =
    100U * 366 * 86'400; ///< about a century: a larger number is a mistake in the unit

// The fields of a target as requests send them, when they are made and when they are changed. Each error is
// invalid_request and names the field and what is allowed. null means none.

caf::expected<std::string> read_path(const boost::json::value& v, const target_limits& limits);

/// JSON as sent; empty: none.
caf::expected<std::string> read_query_field(const boost::json::value& v, const target_limits& limits);

/// A JSON array; empty: none.
caf::expected<std::string> read_tags(const boost::json::value& v, const target_limits& limits);

/// Unix milliseconds, later than `wall_ms`; 0: none.
caf::expected<int64_t> read_expires_at(const boost::json::value& v, int64_t wall_ms);

/// Seconds; 0: none.
caf::expected<uint32_t> read_expires_in(const boost::json::value& v);

} // namespace qrwell
