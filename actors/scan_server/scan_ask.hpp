#pragma once

#include "messages/errors.hpp"
#include "messages/http.hpp"
#include "runtime/http/link_prefixes.hpp"

#include <string>

namespace qrwell {

/// In which form a scan is answered.
enum class scan_form : uint8_t {
  scene,   ///< JSON, problems as problem+json
  landing, ///< a page for a browser that scanned a link code
  file,    ///< WeChat's check file: `id` is its host, path and name
};

/// What a request of the scan class asks: which id, scanned how.
struct scan_ask {
  std::string id;
  uint32_t launch = 0; ///< WeChat's launch scene; 0: not told
  scan_form form = scan_form::scene;
};

/// Reads
///   /v1/scenes/{id}?launch=     the middle page of a code
///   /v1/scenes?q=&launch=       the middle page of a link code: the whole link, url-encoded once more or not
///   /v1/prefetch?query=&scene=  WeChat, while the package loads: `query` is what the page will get, `scene` the launch
///   /q/{id}, and {prefix}{id}   a browser that scanned a link code
///   {directory of prefix}NAME.txt  WeChat, which checks whether the prefix is ours
/// Errors invalid_request (what is missing) and unknown_code (a link without an id).
caf::expected<scan_ask> read_scan(const http_request& request, const http::link_prefixes& links);

} // namespace qrwell
