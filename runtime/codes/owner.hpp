#pragma once

#include "runtime/http/utf8.hpp"

#include <algorithm>
#include <string_view>

namespace qrwell {

constexpr std::string_view owner_rule = "1 to 64 bytes of UTF-8 without control characters";

/// One rule for keys, which own codes, and for rows of imports: what is exported can be imported.
inline bool is_owner(std::string_view text) {
  return !text.empty() && text.size() <= 64 && http::is_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

} // namespace qrwell
