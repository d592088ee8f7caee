#pragma once

#include "messages/errors.hpp"
#include "messages/secret.hpp"
#include "messages/store.hpp"
#include "runtime/keys/rate_bucket.hpp"

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace qrwell {

enum class key_verdict : uint8_t { good, missing, malformed, unknown, expired, rotated, revoked };

struct key_lookup {
  key_verdict verdict = key_verdict::missing;
  const api_key* key = nullptr; ///< of good; valid until the next replace()
};

/// The keys of the store as they were read last, with the rate of each. One owner; not thread-safe.
class key_ring {
public:
  /// Takes over what was read from the store. The rate of a key that stays is not filled up by it.
  void replace(keys_snapshot snapshot, int64_t mono_ms);

  /// Steady time of the last replace(); -1: never read.
  int64_t read_at_ms() const noexcept { return read_at_ms_; }

  /// Whom the Authorization header field names. `wall_ms`: Unix time, for expiry. Marks a good key as used.
  key_lookup look_up(const secret& authorization, int64_t wall_ms);

  /// The key with this id, for whoever has been authenticated elsewhere. Marks a good key as used.
  key_lookup find(uint32_t key_id, int64_t wall_ms);

  /// The same; error unauthorized with a sentence that says what is wrong and never holds the key.
  caf::expected<const api_key*> authenticate(const secret& authorization, int64_t wall_ms);

  /// Counts one request of a key against its rate. `key` must be of this ring.
  rate_verdict charge(const api_key& key, int64_t mono_ms);

  /// Ids of the keys that were used since the last call.
  std::vector<uint32_t> take_used();

  size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    api_key key;
    rate_bucket bucket;
    bool used = false;
  };
  struct digest_hash {
    size_t operator()(const digest& d) const noexcept {
      size_t out;
      std::memcpy(&out, d.data(), sizeof out); // a SHA-256 is as random as any hash of it
      return out;
    }
  };

  std::vector<entry> entries_;
  std::unordered_map<digest, size_t, digest_hash> by_hash_;
  std::unordered_map<uint32_t, size_t> by_id_;
  int64_t read_at_ms_ = -1;
};

/// Error unauthorized if an Authorization header field is none, or holds nothing of a key's shape: what can be told
/// without the keys.
caf::error check_form(std::string_view authorization);

/// Error unauthorized of a verdict that is not good.
caf::error error_of(key_verdict verdict);

// -- what a key may do: no error, or `forbidden` with a sentence
// -------------------------------------------------------

inline bool is_admin(const api_key& key) noexcept {
  return (key.scopes & scope_admin) != 0;
}

/// `scope`: one of scope_issue, scope_read, scope_admin.
caf::error permit_scope(const api_key& key, uint8_t scope);

/// For all calls but those that issue codes: who may administrate may look at what there is, and change it.
caf::error permit_scope_or_admin(const api_key& key, uint8_t scope);

caf::error permit_pool(const api_key& key, std::string_view pool);
caf::error permit_path(const api_key& key, std::string_view path);

/// The pool a request means: `asked`, or else the key's only pool, or else `default`. Errors forbidden and
/// invalid_request.
caf::expected<std::string> choose_pool(const api_key& key, const std::string& asked);

} // namespace qrwell
