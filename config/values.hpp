#pragma once

#include "config/settings.hpp"

#include <caf/expected.hpp>

#include <variant>

// Values as people write them, and back. Every reader gives a sentence about what is wrong instead of a value.

namespace qrwell::config {

/// A number of bytes with its unit: 512B, 64KiB, 1MiB, 5GiB. Whole numbers only.
caf::expected<uint64_t> read_size(std::string_view text);
std::string show_size(uint64_t size_bytes);

/// A time with its unit: 500ms, 10s, 5min, 24h, 7d. In milliseconds.
caf::expected<uint64_t> read_duration(std::string_view text);
std::string show_duration(uint64_t time_ms);

caf::expected<uint64_t> read_integer(std::string_view text);
caf::expected<bool> read_boolean(std::string_view text);

/// HOST:PORT, the host an address or "localhost".
caf::expected<endpoint> read_endpoint(std::string_view text);

/// #RRGGBB
caf::expected<rgb> read_color(std::string_view text);
std::string show_color(const rgb& x);

// Forms of strings: an empty answer means right, else it says what is wrong.

std::string check_name(std::string_view text);
std::string check_appid(std::string_view text);
std::string check_path_text(std::string_view text);
std::string check_page(std::string_view text);
std::string check_public_url(std::string_view text);
std::string check_host_url(std::string_view text);
std::string check_link_prefix(std::string_view text);
std::string check_network(std::string_view text);

/// Scheme, host and port of an http(s) URL; host without brackets.
struct url_parts {
  std::string scheme, host;
  uint16_t port = 0;
  bool bare = false; ///< nothing behind the authority
};
caf::expected<url_parts> read_url(std::string_view text);

} // namespace qrwell::config
