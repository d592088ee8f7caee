#pragma once

#include "messages/common.hpp"
#include "messages/errors.hpp"
#include "messages/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// A code's id is the `scene` that WeChat prints: 20 characters of [-0-9A-Z_a-z], which WeChat allows in a scene (1 to
/// 32 visible characters) and which survive old Android versions that cut a scene at '='. 1 character format and key, 6
/// time (36 bits, 64 ms units since 2024-01-01 UTC), 8 random (48 bits), 5 MAC (30 bits of HMAC-SHA256 over the first
/// 15). Time order is for locality only, never for logic.
constexpr size_t code_id_length = 20;

/// One key of the MAC key file: the character that its ids begin with (alphanumeric), and 32 random bytes.
struct mac_key {
  char key_char = 'a';
  secret key;
  digest fingerprint{}; ///< SHA-256 of the key
};

/// What the MAC says of an id that somebody sent.
enum class id_verdict : uint8_t {
  genuine, ///< made with a key we have
  forged, ///< shaped like ours, its key is ours and makes every id of its kind, and the MAC is wrong: certainly unknown
  unknown_key, ///< not a shape or key of ours: only the store can say
};

/// The keys that sign and verify ids. Verify keys are never deleted.
class mac_keys {
public:
  /// Reads the key file; makes one (0600, synced) with one random key when it is not there and `create` is set.
  /// One key a line: its character, a space, 64 hex digits; the last line signs. Errors invalid_config name file and
  /// line.
  static caf::expected<mac_keys> load(const std::string& file, bool create);

  /// For tests and tools.
  static mac_keys from(std::vector<mac_key> keys);

  const std::vector<mac_key>& keys() const noexcept { return keys_; }
  const mac_key& signing() const noexcept { return keys_.back(); }

  /// A fresh id. `unix_ms` only orders it.
  std::string mint(int64_t unix_ms) const;

  /// Characters registered by an import are not known to make every id ("store"): their ids are never called forged.
  void trust_store_for(char key_char);
  bool asks_store_for(char key_char) const noexcept { return ask_store_.find(key_char) != std::string::npos; }

  id_verdict check(std::string_view id) const;

private:
  std::string mac_of(const mac_key& key, std::string_view head) const;

  std::vector<mac_key> keys_;
  std::string ask_store_; ///< characters
};

} // namespace qrwell
