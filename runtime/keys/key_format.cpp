#include "runtime/keys/key_format.hpp"

#include "runtime/ids/base64url.hpp"
#include "runtime/ids/hash.hpp"

#include <algorithm>

namespace qrwell {
namespace {

constexpr std::string_view prefix = "qw_";

bool is_base64url(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

} // namespace

bool is_key_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= key_name_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_key_text(std::string_view text) noexcept {
  // A name has no '_', so the first one after the prefix ends it; the random part may hold more of them.
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  auto end = text.find('_');
  if (end == text.npos || !is_key_name(text.substr(0, end))) return false;
  auto random = text.substr(end + 1);
  return random.size() == key_random_characters && std::all_of(random.begin(), random.end(), is_base64url);
}

caf::expected<minted_key> mint_key(const std::string& name) {
  if (!is_key_name(name))
    return fail(ec::invalid_request, "The name of a key is 1 to 32 characters of a-z, 0-9 and '-'; this one is not.");
  auto text = std::string(prefix) + name + "_" + to_base64url(random_bytes(32));
  auto hash = sha256(text);
  return minted_key{secret(std::move(text)), hash};
}

} // namespace qrwell
