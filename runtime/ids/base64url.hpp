#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qrwell {

/// RFC 4648, section 5, without padding.
std::string to_base64url(std::string_view raw);

/// The other way round; nothing for what to_base64url would not have written, so that no two texts mean the same.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace qrwell
