#pragma once

#include "messages/secret.hpp"

#include <string_view>

namespace qrwell {

/// The token of an Authorization header field "Bearer TOKEN"; schemes ignore case (RFC 9110). Empty if it is anything
/// else.
std::string_view bearer_token(std::string_view authorization) noexcept;

/// Whether the field holds the token of the operators. It is for their listener alone; an empty token is nobody's.
bool is_operator_token(const secret& authorization, const secret& token) noexcept;

} // namespace qrwell
