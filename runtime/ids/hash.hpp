#pragma once

#include "messages/common.hpp"

#include <string>
#include <string_view>

namespace qrwell {

digest sha256(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text); ///< 32 bytes

/// `count` bytes of OpenSSL's CSPRNG. Ends the process if the system has no randomness: nothing here is safe without.
std::string random_bytes(size_t count);
nonce random_nonce();

std::string to_hex(std::string_view raw);
std::string to_hex(const digest& d);

} // namespace qrwell
