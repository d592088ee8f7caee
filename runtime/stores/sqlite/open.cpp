#include "runtime/stores/sqlite/schema.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr sql read_meta{"read_meta", "SELECT k, v FROM meta"};
constexpr sql bump_seq{"bump_commit_seq", "UPDATE meta SET v = v + 1 WHERE k = 'commit_seq'"};
constexpr sql next_audit{"next_audit", "SELECT coalesce(max(seq), -1) + 1 FROM audit WHERE at_ms = ? AND node = ''"};
constexpr sql put_audit{"put_audit",
                        "INSERT INTO audit(at_ms, node, seq, actor, action, doc) VALUES(?, '', ?, ?, ?, ?)"};
constexpr sql read_pool_of{"read_pool_of", "SELECT pool FROM generations WHERE gen_id = ?"};
constexpr sql read_node_of{"read_node_of", "SELECT name FROM nodes WHERE incarnation = ?"};

constexpr size_t node_names_max = 1'000;

} // namespace

caf::expected<std::unique_ptr<code_store>> sqlite_code_store::open(sqlite_options options) {
  auto how = options.read_only ? access::read : access::write;
  auto db = connection::open(options.file, how, options.busy_for_ms, options.cache_kib);
  if (!db) return db.error();
  try {
    if (!options.read_only) {
      migrate(**db, migrations(), options.cluster_name);
    } else if (auto have = schema_of(**db), known = migrations().back().to; have != known) {
      return fail(
          ec::conflict,
          fmt::format("store {}: its schema is {}, this qrwell reads {}; {}", options.file, have, known,
                      have < known ? "start a node of this version on it once" : "use the qrwell that wrote it"));
    }
  } catch (const refusal& r) {
    (*db)->rollback();
    return r.error;
  }
  return std::unique_ptr<code_store>{new sqlite_code_store{std::move(*db), std::move(options.clock)}};
}

caf::expected<store_identity> sqlite_code_store::identity() {
  return read([&] {
    store_identity out;
    auto rows = db_->use(read_meta);
    while (rows.step()) {
      auto key = rows.text(0);
      if (key == "schema") out.schema = rows.as<uint32_t>(1);
      if (key == "store_uuid") out.store_uuid = rows.text(1);
      if (key == "cluster_name") out.cluster_name = rows.text(1);
      if (key == "commit_seq") out.commit_seq = rows.as<uint64_t>(1);
      if (key == "restored_from") out.restored_from = rows.text(1);
    }
    return out;
  });
}

void sqlite_code_store::bump_commit_seq() {
  db_->use(bump_seq).run();
}

void sqlite_code_store::audit(const std::string& actor, const char* action, const std::string& doc) {
  auto now = clock_.wall_ms();
  int64_t seq = 0;
  {
    auto next = db_->use(next_audit);
    if (next.arg(now).step()) seq = next.integer(0);
  }
  db_->use(put_audit).arg(now).arg(seq).arg(actor).arg(action).arg(doc).run();
}

const std::string& sqlite_code_store::pool_of(uint32_t gen_id) {
  auto known = pool_names_.find(gen_id);
  if (known != pool_names_.end()) return known->second;
  static const std::string none;
  auto row = db_->use(read_pool_of);
  return row.arg(gen_id).step() ? pool_names_.emplace(gen_id, row.text(0)).first->second : none;
}

const std::string& sqlite_code_store::node_of(const std::string& incarnation) {
  auto known = node_names_.find(incarnation);
  if (known != node_names_.end()) return known->second;
  if (node_names_.size() >= node_names_max) node_names_.clear();
  auto row = db_->use(read_node_of);
  return node_names_.emplace(incarnation, row.arg(incarnation).step() ? row.text(0) : incarnation).first->second;
}

} // namespace qrwell
