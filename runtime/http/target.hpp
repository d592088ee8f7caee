#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qrwell::http {

/// A request target taken apart: "/v1/codes/abc/image?width=3" -> segments {v1, codes, abc, image}, params {{width,
/// 3}}. Percent-decoded.
struct target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> params;

  /// First value of a parameter.
  std::optional<std::string_view> param(std::string_view name) const;
};

/// A target whose path spells letters, digits, '-', '.', '_' and '~' plainly, since a percent sequence of one means the
/// same (RFC 3986, 6.2.2.2). Everything else stays as sent.
std::string plain_target(std::string_view text);

/// Error invalid_request for a malformed percent sequence, NUL, what is not UTF-8, a dot segment, a fragment, more than
/// 32 segments or more than 64 parameters. In the query `+` is a space. Empty segments are kept ("/a/" is {a, ""}), so
/// that no two targets mean the same resource by accident; "/" has none.
caf::expected<target> parse_target(std::string_view text);

} // namespace qrwell::http
