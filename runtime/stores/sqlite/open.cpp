#include "runtime/stores/sqlite/schema_check.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <sys/stat.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr sql read_meta{"read_meta", "SELECT k, v FROM meta"};
constexpr sql bump_seq{"bump_commit_seq", "UPDATE meta SET v = v + 1 WHERE k = 'commit_seq'"};
constexpr sql next_audit{"next_audit", "SELECT coalesce(max(seq), -1) + 1 FROM audit WHERE at_ms = ? AND node = ''"};
constexpr sql audit_row{"audit_row",
                        "INSERT INTO audit(at_ms, node, seq, actor, action, doc) VALUES(?, '', ?, ?, ?, ?)"};
constexpr sql read_pool_of{"read_pool_of", "SELECT pool FROM generations WHERE gen_id = ?"};
constexpr sql read_node_of{"read_node_of", "SELECT name FROM nodes WHERE incarnation = ?"};

constexpr size_t node_names_max = 1'000;

store_identity read_identity(connection& db) {
  store_identity out;
  auto rows = db.use(read_meta);
  while (rows.step()) {
    auto key = rows.text(0);
    if (key == "schema") out.schema = rows.as<uint32_t>(1);
    if (key == "store_uuid") out.store_uuid = rows.text(1);
    if (key == "cluster_name") out.cluster_name = rows.text(1);
    if (key == "commit_seq") out.commit_seq = rows.as<uint64_t>(1);
    if (key == "restored_from") out.restored_from = rows.text(1);
  }
  return out;
}

} // namespace

caf::expected<std::unique_ptr<code_store>> sqlite_code_store::open(sqlite_options options) {
  auto makes = options.may_make && !options.read_only;
  auto none = [&](std::string_view what) {
    return fail(ec::not_found,
                fmt::format("store {}: {}; look at store.sqlite, or restore a backup", options.file, what));
  };
  // Before it is opened: SQLite would write its header into an empty file.
  if (struct stat info{}; !makes && ::stat(options.file.c_str(), &info) != 0) {
    if (errno == ENOENT) return none("there is no such file");
  } else if (!makes && info.st_size == 0) {
    return none("the file is empty");
  }
  auto how = options.read_only ? access::read : makes ? access::make : access::write;
  auto db = connection::open(options.file, how, options.busy_for_ms, options.cache_kib);
  if (!db) return db.error();
  try {
    auto have = schema_of(**db), known = migrations().back().to;
    if (have == 0 && !makes) return none("the file is empty");
    if (have != 0 && have < known && (options.read_only || !options.may_migrate))
      return fail(ec::conflict, fmt::format("store {}: its schema is {}, this qrwell wants {}: start a node of this "
                                            "version on it once, which brings it up to date",
                                            options.file, have, known));
    if (have != 0 && have < known && options.on_migrate) options.on_migrate(have, known);
    if (have != known) migrate(**db, migrations(), options.cluster_name);
    check_schema(**db, migrations());
  } catch (const refusal& r) {
    (*db)->rollback();
    return r.error;
  }
  std::unique_ptr<sqlite_code_store> out{new sqlite_code_store{std::move(*db), std::move(options.clock)}};
  if (!options.read_only) out->place_.emplace(options.file);
  if (options.log_beside) {
    auto keeper = log_keeper::start(options.file);
    if (!keeper) return keeper.error();
    out->log_keeper_ = std::move(*keeper);
    out->db_->keep_log_ourselves();
  }
  if (!out->db_->is_in_place())
    return fail(ec::unavailable,
                fmt::format("store {}: the file was replaced while it was opened; try again", options.file));
  return std::unique_ptr<code_store>{std::move(out)};
}

caf::error sqlite_code_store::in_place() {
  if (!place_) return {};
  auto gone = place_->check();
  if (gone && place_->only_log_is_gone()) db_->checkpoint(false);
  return gone;
}

// So that the file is whole without its log, though a reader may be the last to close it: somebody may copy it alone,
// or put a copy in its place.
sqlite_code_store::~sqlite_code_store() {
  log_keeper_.reset();
  if (place_ && !in_place()) db_->checkpoint(true);
}

void sqlite_code_store::keep_log() {
  if (!log_keeper_) return;
  switch (log_turns_.committed(db_->log_pages())) {
  case log_turns::who::nobody:
    return;
  case log_turns::who::beside:
    return log_keeper_->wake();
  case log_turns::who::writer:
    return db_->checkpoint(false);
  }
}

/// What was committed into a file that has lost its path must not be acknowledged, although it may yet be saved.
void sqlite_code_store::commit(bool writes) {
  db_->commit();
  if (!writes) return;
  keep_log();
  if (auto gone = in_place()) throw refusal{fail(ec::outcome_unknown, sentence_of(gone))};
}

caf::expected<store_identity> sqlite_code_store::identity() {
  return read([&] { return read_identity(*db_); });
}

caf::expected<store_identity> sqlite_code_store::identity_in_file(const std::string& file) {
  auto db = connection::open(file, access::alone, 0, 100);
  if (!db) return db.error();
  try {
    return schema_of(**db) == 0 ? store_identity{} : read_identity(**db);
  } catch (const refusal& r) {
    return r.error;
  }
}

void sqlite_code_store::bump_commit_seq() {
  db_->use(bump_seq).run();
}

void sqlite_code_store::audit(const std::string& actor, std::string_view action, const std::string& doc) {
  auto now = clock_.wall_ms();
  int64_t seq = 0;
  {
    auto next = db_->use(next_audit);
    if (next.arg(now).step()) seq = next.integer(0);
  }
  db_->use(audit_row).arg(now).arg(seq).arg(actor).arg(action).arg(doc).run();
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
