#pragma once

#include "messages/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace qrwell::wechat {

/// At most `bytes_max` bytes of what the other side said, without control characters and bytes that are not ASCII: fit
/// for a log line.
std::string printable(std::string_view text, size_t bytes_max);

/// `text` with every occurrence of a secret replaced by ***. Secrets shorter than 8 characters are left, for they occur
/// by chance.
std::string without(std::string text, const secret& hidden);

/// The same for all that follows the `?` of an address.
std::string without_query(std::string text, const secret& url);

} // namespace qrwell::wechat
