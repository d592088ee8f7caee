#pragma once

#include <cstdint>
#include <string_view>

namespace qrwell {

/// One range of a representation of `size` bytes (RFC 9110, 14.1.2).
struct byte_range {
  uint64_t first = 0, last = 0; ///< both inclusive
};

enum class range_verdict : uint8_t {
  whole, ///< no Range, not understood, or several ranges: the whole is sent, as the RFC allows
  part,
  unsatisfiable, ///< 416
};

range_verdict read_range(std::string_view header, uint64_t size, byte_range& range);

/// Whether Range counts: without an If-Range, or if that is this very tag. Not for a weak tag, and not for a date,
/// since we never told one (RFC 9110, 13.1.5).
bool range_holds(std::string_view if_range, std::string_view tag);

/// `If-None-Match` names this tag, weak or strong, or is `*` (RFC 9110, 13.1.2).
bool matches(std::string_view if_none_match, std::string_view tag);

} // namespace qrwell
