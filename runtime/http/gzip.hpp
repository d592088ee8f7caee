#pragma once

#include <string>
#include <string_view>

namespace qrwell::http {

constexpr size_t gzip_bytes_min = 1'024;           ///< less fits into one packet anyway
constexpr size_t gzip_bytes_max = 4 * 1024 * 1024; ///< more would keep an actor for too long: some 50 ms

/// Whether an Accept-Encoding field wants gzip: named, or meant by `*`, with a weight above 0 and not below the one of
/// `identity` (RFC 9110, 12.5.3).
bool wants_gzip(std::string_view accept_encoding) noexcept;

/// Whether a body is of a size that is worth it. Such an answer varies with Accept-Encoding, whatever its form.
constexpr bool worth_gzip(std::string_view body) noexcept {
  return body.size() >= gzip_bytes_min && body.size() <= gzip_bytes_max;
}

/// The body as gzip (RFC 1952), as quick as it goes. Empty: it did not get smaller, or there was no memory.
std::string gzip(std::string_view body);

} // namespace qrwell::http
