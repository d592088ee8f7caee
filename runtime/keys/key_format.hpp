#pragma once

#include "messages/common.hpp"
#include "messages/errors.hpp"
#include "messages/secret.hpp"

#include <string>
#include <string_view>

namespace qrwell {

constexpr size_t key_name_bytes_max = 32;
constexpr size_t key_random_characters = 43; ///< base64url of 32 bytes, without padding

/// A key's name: 1 to 32 of [a-z0-9-].
bool is_key_name(std::string_view name) noexcept;

/// Has the shape `qw_<name>_<43 base64url characters>`. Says nothing of whether anybody was given it.
bool is_key_text(std::string_view text) noexcept;

/// A key as it is shown once, and what is stored of it.
struct minted_key {
  secret text;
  digest hash{}; ///< SHA-256 of the text
};

/// 256 random bits under a name; error invalid_request for a name that is none.
caf::expected<minted_key> mint_key(const std::string& name);

} // namespace qrwell
