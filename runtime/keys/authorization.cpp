#include "runtime/keys/authorization.hpp"

#include "runtime/http/words.hpp"

#include <openssl/crypto.h>

namespace qrwell {

std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "Bearer";
  auto field = http::trim(authorization);
  if (field.size() <= scheme.size() || field[scheme.size()] != ' ' ||
      !http::same_word(field.substr(0, scheme.size()), scheme))
    return {};
  return http::trim(field.substr(scheme.size()));
}

// In constant time: an answer must not tell how much of a guess was right.
bool is_operator_token(const secret& authorization, const secret& token) noexcept {
  auto sent = bearer_token(authorization.reveal());
  const auto& expected = token.reveal();
  return !expected.empty() && sent.size() == expected.size() &&
         CRYPTO_memcmp(sent.data(), expected.data(), expected.size()) == 0;
}

} // namespace qrwell
