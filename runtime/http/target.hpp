#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qrwell::http {

/// A request target taken apart: "/v1/codes/abc/image?width=3" -> segments {v1, codes, abc, image}, params {{width, 3}}. Percent-decoded.
struct target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> params;

  /// First value of a parameter.
  std::optional<std::string_view> param(std::string_view name) const;
};

/// Error invalid_request for a malformed percent sequence or more than 64 parameters.
caf::expected<target> parse_target(std::string_view text);

} // namespace qrwell::http
