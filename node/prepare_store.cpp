#include "node/prepare_store.hpp"

#include "node/pool_spec.hpp"
#include "node/store_keys.hpp"
#include "node/watermark.hpp"
#include "runtime/ids/hash.hpp"
#include "runtime/logging/log.hpp"

namespace qrwell {
namespace {

const log::voice voice{"node"};

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

caf::expected<prepared_store> prepare_store(code_store& store, const settings& cfg, const data_dir& dir) {
  auto identity = store.identity();
  if (!identity) return std::move(identity.error());
  auto mark = read_watermark(dir.path());
  if (!mark) return std::move(mark.error());
  if (auto bad = check_watermark(dir.path(), *mark, *identity)) return bad;
  if (!*mark && identity->commit_seq > 0)
    voice.warn("there is no watermark: whether this is the newest copy of the store is not known",
               {{"data_dir", dir.path()}, {"commit_seq", identity->commit_seq}});
  auto keys = open_store_keys(store, cfg.keys.mac_file);
  if (!keys) return std::move(keys.error());
  // From here on the directory belongs to this store, whatever becomes of the start.
  if (auto bad = advance_watermark(dir.path(), *identity)) return bad;
  if (auto bad = dir.begin()) return bad;
  if (auto done = store.begin_incarnation(cfg.node.name, dir.incarnation(), dir.predecessors()); !done)
    return std::move(done.error());
  catalogue known;
  known.schema = identity->schema;
  known.store_uuid = identity->store_uuid;
  for (const auto& app : cfg.apps) {
    auto id = store.ensure_app(app.name, app.appid);
    if (!id) return std::move(id.error());
    known.app_ids[app.name] = *id;
  }
  for (const auto& pool : cfg.pools)
    if (auto err = make_current(store, pool, known)) return err;
  return prepared_store{std::move(known), std::move(*keys)};
}

} // namespace qrwell
