#include "node/prepare_store.hpp"

#include "node/pool_spec.hpp"
#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

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

caf::error make_current(code_store& store, const pool_settings& pool, catalogue& out) {
  auto spec = spec_text(spec_of(pool));
  auto generation = store.ensure_generation(pool.name, out.app_ids[pool.app], spec, sha256(spec));
  if (!generation) return generation.error();
  auto row = store.apply_generation(pool.name, generation->gen_id, "configuration");
  if (!row) return row.error();
  out.gen_ids[pool.name] = row->gen_id;
  return {};
}

} // namespace

caf::expected<catalogue> prepare_store(code_store& store, const settings& cfg, const data_dir& dir, mac_keys& keys) {
  auto identity = store.identity();
  if (!identity) return std::move(identity.error());
  if (!identity->restored_from.empty())
    return fail(ec::restored_copy,
                fmt::format("this store is a backup of {}: codes that were sold since it was made would be sold again",
                            identity->restored_from));
  if (auto err = dir.check_watermark(identity->store_uuid, identity->commit_seq)) return err;
  if (auto done = store.begin_incarnation(cfg.node.name, dir.incarnation(), dir.predecessors()); !done)
    return std::move(done.error());
  catalogue out;
  out.schema = identity->schema;
  out.store_uuid = identity->store_uuid;
  for (const auto& app : cfg.apps) {
    auto id = store.ensure_app(app.name, app.appid);
    if (!id) return std::move(id.error());
    out.app_ids[app.name] = *id;
  }
  for (const auto& pool : cfg.pools)
    if (auto err = make_current(store, pool, out)) return err;
  if (auto err = register_keys(store, keys)) return err;
  return out;
}

} // namespace qrwell
