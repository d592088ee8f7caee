#include "runtime/keys/key_ring.hpp"

#include "runtime/http/words.hpp"
#include "runtime/ids/hash.hpp"
#include "runtime/keys/authorization.hpp"
#include "runtime/keys/key_format.hpp"

#include <algorithm>

namespace qrwell {
namespace {

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

} // namespace

void key_ring::replace(keys_snapshot snapshot, int64_t mono_ms) {
  std::vector<entry> fresh;
  fresh.reserve(snapshot.keys.size());
  for (auto& key : snapshot.keys) {
    entry e;
    if (auto old = by_id_.find(key.key_id); old != by_id_.end()) {
      e.bucket = entries_[old->second].bucket;
      e.used = entries_[old->second].used;
    }
    e.key = std::move(key);
    fresh.push_back(std::move(e));
  }
  entries_ = std::move(fresh);
  by_hash_.clear();
  by_id_.clear();
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto& key = entries_[i].key;
    by_hash_.emplace(key.hash, i);
    if (key.former_until_ms != 0) by_hash_.emplace(key.former_hash, i);
    by_id_.emplace(entries_[i].key.key_id, i);
  }
  read_at_ms_ = mono_ms;
}

caf::error check_form(std::string_view authorization) {
  if (http::trim(authorization).empty()) return error_of(key_verdict::missing);
  return is_key_text(bearer_token(authorization)) ? caf::error{} : error_of(key_verdict::malformed);
}

key_lookup key_ring::look_up(const secret& authorization, int64_t wall_ms) {
  if (http::trim(authorization.reveal()).empty()) return {key_verdict::missing};
  auto token = bearer_token(authorization.reveal());
  // Only what has the shape of a key is worth a hash.
  if (!is_key_text(token)) return {key_verdict::malformed};
  auto hash = sha256(token);
  auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return {key_verdict::unknown};
  auto& e = entries_[found->second];
  if (hash != e.key.hash && e.key.former_until_ms <= wall_ms) return {key_verdict::rotated};
  if (e.key.disabled_ms != 0) return {key_verdict::revoked};
  if (e.key.expires_ms != 0 && e.key.expires_ms <= wall_ms) return {key_verdict::expired};
  e.used = true;
  return {key_verdict::good, &e.key};
}

caf::expected<const api_key*> key_ring::authenticate(const secret& authorization, int64_t wall_ms) {
  auto found = look_up(authorization, wall_ms);
  if (found.verdict != key_verdict::good) return error_of(found.verdict);
  return found.key;
}

key_lookup key_ring::find(uint32_t key_id, int64_t wall_ms) {
  auto found = by_id_.find(key_id);
  if (found == by_id_.end()) return {key_verdict::unknown};
  auto& e = entries_[found->second];
  if (e.key.disabled_ms != 0) return {key_verdict::revoked};
  if (e.key.expires_ms != 0 && e.key.expires_ms <= wall_ms) return {key_verdict::expired};
  e.used = true;
  return {key_verdict::good, &e.key};
}

rate_verdict key_ring::charge(const api_key& key, int64_t mono_ms) {
  auto found = by_id_.find(key.key_id);
  return found == by_id_.end() ? rate_verdict{} : entries_[found->second].bucket.take(key.rate_per_s, mono_ms);
}

std::vector<uint32_t> key_ring::take_used() {
  std::vector<uint32_t> out;
  for (auto& e : entries_)
    if (std::exchange(e.used, false)) out.push_back(e.key.key_id);
  return out;
}

caf::error error_of(key_verdict verdict) {
  switch (verdict) {
  case key_verdict::good:
    return caf::none;
  case key_verdict::missing:
    return fail(ec::unauthorized, "No key was sent. Send the header field 'Authorization: Bearer KEY'.");
  case key_verdict::malformed:
    return fail(ec::unauthorized, "The Authorization header field is not 'Bearer' and a key of the form "
                                  "qw_<name>_<43 characters>. Look for a cut or quoted key.");
  case key_verdict::unknown:
    return fail(ec::unauthorized, "This key is not known here. It belongs to another installation or was deleted; ask "
                                  "the operator for a new one.");
  case key_verdict::expired:
    return fail(ec::unauthorized, "This key has expired. Ask the operator for a new one.");
  case key_verdict::rotated:
    return fail(ec::unauthorized, "This key was rotated, and the time in which both secrets were good is over. Use the "
                                  "new one.");
  case key_verdict::revoked:
    return fail(ec::unauthorized, "This key was revoked. Ask the operator for a new one.");
  }
  return fail(ec::internal, "A key was judged in an unknown way.");
}

caf::error permit_scope(const api_key& key, uint8_t scope) {
  if ((key.scopes & scope) != 0) return caf::none;
  std::string word = scope == scope_issue ? "issue" : scope == scope_read ? "read" : "admin";
  return fail(ec::forbidden, "The key '" + key.name + "' lacks the scope '" + word + "' that this call needs.");
}

caf::error permit_scope_or_admin(const api_key& key, uint8_t scope) {
  return is_admin(key) ? caf::error{} : permit_scope(key, scope);
}

caf::error permit_pool(const api_key& key, std::string_view pool) {
  if (key.pools.empty() || std::find(key.pools.begin(), key.pools.end(), pool) != key.pools.end()) return caf::none;
  return fail(ec::forbidden, "The key '" + key.name + "' may not use the pool '" + std::string(pool) +
                                 "'; its pools are: " + list(key.pools) + ".");
}

caf::error permit_path(const api_key& key, std::string_view path) {
  if (key.path_prefixes.empty()) return caf::none;
  for (const auto& allowed : key.path_prefixes)
    if (path.starts_with(allowed)) return caf::none;
  return fail(ec::forbidden, "The key '" + key.name + "' may not bind codes to this path; its paths begin with: " +
                                 list(key.path_prefixes) + ".");
}

caf::expected<std::string> choose_pool(const api_key& key, const std::string& asked) {
  if (!asked.empty()) {
    if (auto refused = permit_pool(key, asked)) return refused;
    return asked;
  }
  if (key.pools.size() == 1) return key.pools.front();
  if (!permit_pool(key, "default")) return std::string("default");
  return fail(ec::invalid_request, "pool: the key '" + key.name +
                                       "' has several pools, so the request must name one of: " + list(key.pools) +
                                       ".");
}

} // namespace qrwell
