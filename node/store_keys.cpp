#include "node/store_keys.hpp"

#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace qrwell {
namespace {

using rows = std::vector<code_store::mac_key_row>;

struct key_file {
  mac_keys keys;
  rows known;
  rows lost; ///< keys that judge their ids alone, and are not in the file
};

caf::expected<key_file> compare(code_store& store, const std::string& file, bool may_make) {
  auto known = store.mac_keys();
  if (!known) return std::move(known.error());
  key_file out;
  out.known = std::move(*known);
  // A key that is made anew must not hide that another one is missing.
  auto needed = std::any_of(out.known.begin(), out.known.end(), [](const auto& row) { return row.verify == "mac"; });
  if (!needed || may_make || ::access(file.c_str(), F_OK) == 0) {
    auto keys = mac_keys::load(file, true);
    if (!keys) return std::move(keys.error());
    out.keys = std::move(*keys);
  }
  for (const auto& row : out.known) {
    auto in_file = std::any_of(out.keys.keys().begin(), out.keys.keys().end(),
                               [&](const mac_key& key) { return key.fingerprint == row.fingerprint; });
    if (!in_file && row.verify == "mac") out.lost.push_back(row);
  }
  return out;
}

// An id whose character some other key also has, or has had elsewhere, can only be judged by the store.
caf::error register_keys(code_store& store, mac_keys& keys) {
  for (const auto& key : keys.keys())
    if (auto done = store.ensure_mac_key({key.key_char, key.fingerprint, &key == &keys.signing(), "mac"}); !done)
      return done.error();
  auto known = store.mac_keys();
  if (!known) return known.error();
  for (const auto& key : keys.keys())
    for (const auto& row : *known)
      if (row.key_char == key.key_char && (row.fingerprint != key.fingerprint || row.verify != "mac"))
        keys.trust_store_for(key.key_char);
  return {};
}

} // namespace

caf::expected<mac_keys> open_store_keys(code_store& store, const std::string& file) {
  auto found = compare(store, file, false);
  if (!found) return std::move(found.error());
  if (!found->lost.empty()) {
    std::string which;
    for (const auto& row : found->lost)
      which += fmt::format("{}'{}' (fingerprint {})", which.empty() ? "" : ", ", row.key_char,
                           to_hex(row.fingerprint).substr(0, 16));
    return fail(ec::invalid_config,
                fmt::format("keys.mac_file: {} {} the key {} that codes of this store were signed with. Bring the file "
                            "back from its copy. If it is lost for good, `qrwell recover --lost-mac-keys` lets the "
                            "node start without it: every scan of such a code then costs a look-up in the store",
                            file, found->keys.keys().empty() ? "is not there, and with it" : "does not have", which));
  }
  if (auto err = register_keys(store, found->keys)) return err;
  return std::move(found->keys);
}

caf::expected<std::string> give_up_lost_keys(code_store& store, const std::string& file) {
  auto found = compare(store, file, true);
  if (!found) return std::move(found.error());
  std::string characters;
  for (auto row : found->lost) {
    row.signing = false;
    row.verify = "store";
    if (auto done = store.ensure_mac_key(row); !done) return std::move(done.error());
    characters += row.key_char;
  }
  return characters;
}

} // namespace qrwell
