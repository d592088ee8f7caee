#pragma once

#include "messages/errors.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qrwell::cli {

struct http_got {
  long status = 0;
  std::string body;
  long took_ms = 0;
  std::vector<std::pair<std::string, std::string>> headers = {}; ///< names in lower case

  /// Empty when there is none.
  std::string_view header(std::string_view lower_name) const noexcept;
};

/// One request, as a client of the API sends it. `headers` are whole lines. Error unavailable when nobody answers.
caf::expected<http_got> http_call(std::string_view method, const std::string& url,
                                  const std::vector<std::string>& headers, std::string_view body = {},
                                  long timeout_s = 30);

} // namespace qrwell::cli
