#include "runtime/stores/sqlite/schema.hpp"

#include "runtime/ids/hash.hpp"
#include "runtime/stores/sqlite/schema_check.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace qrwell::sqlite {
namespace {

// Every text compares by bytes (SQLite's default, BINARY): ids, keys and owners that differ only in case are different.
// The indexes of codes are partial, so that a bind touches its row and appends few entries: those of dead and revoked
// rows, of lots and of expiry stay as they are.
constexpr const char* schema_1 = R"sql(
CREATE TABLE meta(k TEXT NOT NULL PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE apps(app_id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, appid TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE generations(gen_id INTEGER NOT NULL PRIMARY KEY, pool TEXT NOT NULL, app_id INTEGER NOT NULL, spec TEXT NOT NULL,
  spec_hash BLOB NOT NULL, state INTEGER NOT NULL, created_ms INTEGER NOT NULL, UNIQUE(pool, spec_hash)) WITHOUT ROWID;
CREATE TABLE pools(pool TEXT NOT NULL PRIMARY KEY, gen_id INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0,
  pause_reason TEXT NOT NULL DEFAULT '', reserve INTEGER, version INTEGER NOT NULL DEFAULT 0, updated_ms INTEGER NOT NULL) WITHOUT ROWID;

-- state: 1 filling, 2 ready, 3 held, 4 done, 5 void
CREATE TABLE lots(lot_no INTEGER PRIMARY KEY, gen_id INTEGER NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL, holder TEXT,
  begun_ms INTEGER NOT NULL, held_ms INTEGER, ready_ms INTEGER, queued_ms INTEGER, ended_ms INTEGER);
CREATE INDEX lots_ready ON lots(gen_id, state, lot_no);
CREATE INDEX lots_holder ON lots(holder) WHERE holder IS NOT NULL;

-- state: 1 stocked, 2 bound, 3 revoked, 4 dead; kind: 1 wxacode, 2 link, 3 imported; version counts the rows of history
CREATE TABLE codes(id TEXT NOT NULL PRIMARY KEY, gen_id INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 0, lot_no INTEGER, stocked_ms INTEGER, fetched_ms INTEGER, bound_ms INTEGER, expires_ms INTEGER,
  changed_ms INTEGER NOT NULL, epoch INTEGER, grant_seq INTEGER, reason TEXT, image_fmt TEXT, image_len INTEGER, image_sha BLOB,
  bind_nonce BLOB, owner TEXT, path TEXT, query TEXT, tags TEXT, shelf_node TEXT, link_prefix INTEGER) WITHOUT ROWID;
CREATE INDEX codes_lot ON codes(lot_no) WHERE lot_no IS NOT NULL;
CREATE INDEX codes_bound ON codes(gen_id, bound_ms) WHERE bound_ms IS NOT NULL;
CREATE INDEX codes_expires ON codes(gen_id, expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX codes_revoked ON codes(gen_id, bound_ms) WHERE state = 3;
CREATE INDEX codes_dead ON codes(changed_ms) WHERE state = 4;
CREATE TABLE code_tags(owner TEXT NOT NULL, tag TEXT NOT NULL, bound_ms INTEGER NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY(owner, tag, bound_ms, id)) WITHOUT ROWID;

-- op: 0 bind, 1 retarget, 2 extend, 3 tag, 4 revoke, 5 void; doc: JSON of what the change replaced, NULL when there was nothing before
CREATE TABLE history(id TEXT NOT NULL, version INTEGER NOT NULL, op INTEGER NOT NULL, at_ms INTEGER NOT NULL, actor TEXT, request_id TEXT,
  doc TEXT, PRIMARY KEY(id, version)) WITHOUT ROWID;
CREATE TABLE history_out(node TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY(node, seq)) WITHOUT ROWID;
CREATE TABLE link_prefixes(prefix_no INTEGER NOT NULL PRIMARY KEY, prefix TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE reuse(owner TEXT NOT NULL, pool TEXT NOT NULL, target_hash BLOB NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY(owner, pool, target_hash)) WITHOUT ROWID;
CREATE TABLE idem(owner TEXT NOT NULL, k BLOB NOT NULL, body_hash BLOB NOT NULL, id TEXT NOT NULL, nonce BLOB NOT NULL,
  at_hour INTEGER NOT NULL, PRIMARY KEY(owner, k)) WITHOUT ROWID;
CREATE INDEX idem_hour ON idem(at_hour);

CREATE TABLE api_keys(key_id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
  prev_hash BLOB, prev_until_ms INTEGER, scopes INTEGER NOT NULL, pools TEXT NOT NULL, path_prefixes TEXT NOT NULL, rate_per_s REAL NOT NULL,
  daily_codes INTEGER NOT NULL, priority INTEGER NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER, disabled_ms INTEGER,
  last_used_hour INTEGER) WITHOUT ROWID;
CREATE TABLE key_usage(key_id INTEGER NOT NULL, day INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(key_id, day)) WITHOUT ROWID;
CREATE TABLE mac_keys(key_char TEXT NOT NULL, fingerprint BLOB NOT NULL, added_ms INTEGER NOT NULL, signing INTEGER NOT NULL,
  verify TEXT NOT NULL, PRIMARY KEY(key_char, fingerprint)) WITHOUT ROWID;

CREATE TABLE leases(name TEXT NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT, expires_ms INTEGER NOT NULL, seq INTEGER NOT NULL,
  server_id TEXT) WITHOUT ROWID;
CREATE TABLE nodes(incarnation TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, address TEXT, roles TEXT, version TEXT, started_ms INTEGER NOT NULL,
  expires_ms INTEGER, ended_ms INTEGER) WITHOUT ROWID;
CREATE INDEX nodes_name ON nodes(name);
CREATE INDEX nodes_live ON nodes(incarnation) WHERE ended_ms IS NULL;
-- opened_ms is wall time, for the ledger; closed_ms is on the clock of closed_by_server
CREATE TABLE grants(app_id INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, holder TEXT NOT NULL, n INTEGER NOT NULL,
  ids TEXT NOT NULL, gen_id INTEGER NOT NULL, class INTEGER NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER, closed_by_server TEXT,
  sent INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(app_id, epoch, seq)) WITHOUT ROWID;
CREATE INDEX grants_open ON grants(holder) WHERE closed_ms IS NULL;
-- minute: of the opening of the grant. A unit that was sent stays taken for 60 s after it, so no minute can hold more calls than the limit.
CREATE TABLE ledger(app_id INTEGER NOT NULL, gen_id INTEGER NOT NULL, minute INTEGER NOT NULL, node TEXT NOT NULL, class INTEGER NOT NULL,
  outcome TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(app_id, minute, gen_id, node, class, outcome)) WITHOUT ROWID;
-- the ledger's totals, and "dead": rows that were born dead
CREATE TABLE books(gen_id INTEGER NOT NULL, outcome TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(gen_id, outcome)) WITHOUT ROWID;

CREATE TABLE scan_counts(id TEXT NOT NULL, day INTEGER NOT NULL, launch INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(id, day, launch)) WITHOUT ROWID;
CREATE TABLE stats_hour(hour INTEGER NOT NULL, pool TEXT NOT NULL, owner TEXT NOT NULL, tag TEXT NOT NULL, launch INTEGER NOT NULL,
  node TEXT NOT NULL, issued INTEGER NOT NULL DEFAULT 0, scanned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(hour, pool, owner, tag, launch, node)) WITHOUT ROWID;
CREATE TABLE audit(at_ms INTEGER NOT NULL, node TEXT NOT NULL, seq INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  doc TEXT NOT NULL, PRIMARY KEY(at_ms, node, seq)) WITHOUT ROWID;
-- state 4: dead rows that had an image; 0: dead rows that never had one
CREATE TABLE purged(gen_id INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(gen_id, state)) WITHOUT ROWID;

INSERT INTO meta(k, v) VALUES('commit_seq', 0), ('restored_from', '');
INSERT INTO leases(name, epoch, expires_ms, seq) VALUES('lots', 0, 0, 0);
)sql";

// By the millisecond, so that entries are appended: by the hour each would land anywhere among its hour's, a page
// written for each. A key of the old form is kept for up to an hour longer than its 7 days.
constexpr const char* schema_2 = R"sql(
DROP INDEX idem_hour;
ALTER TABLE idem RENAME COLUMN at_hour TO at_ms;
UPDATE idem SET at_ms = (at_ms + 1) * 3600000;
CREATE INDEX idem_at ON idem(at_ms);
)sql";

// Builds between the two steps wrote the new form under the old number.
constexpr sql has_hours{"has_hours", "SELECT count(*) FROM sqlite_schema WHERE name = 'idem_hour'"};

// Lists are read by owner and generation, the newest first, from an index of their own for each state.
constexpr const char* schema_3 = R"sql(
DROP INDEX codes_bound;
DROP INDEX codes_expires;
DROP INDEX codes_revoked;
CREATE INDEX codes_bound ON codes(owner, gen_id, bound_ms) WHERE bound_ms IS NOT NULL;
CREATE INDEX codes_expires ON codes(owner, gen_id, expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX codes_revoked ON codes(owner, gen_id, bound_ms) WHERE state = 3;
CREATE INDEX reuse_id ON reuse(id);
CREATE TABLE jobs(job_id INTEGER NOT NULL PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, owner TEXT NOT NULL, node TEXT NOT NULL,
  created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, rows_done INTEGER NOT NULL, rows_failed INTEGER NOT NULL, bytes INTEGER NOT NULL,
  place TEXT NOT NULL, spec TEXT NOT NULL, problem TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX jobs_owner ON jobs(owner, job_id);
)sql";

// Counts are read by owner and tag, over days where whole days are asked for: a year of one owner is a few hundred
// rows, however many others there are. Owner '' counts all owners, without tags.
constexpr const char* schema_4 = R"sql(
ALTER TABLE stats_hour RENAME TO stats_by_time;
CREATE TABLE stats_hour(owner TEXT NOT NULL, tag TEXT NOT NULL, hour INTEGER NOT NULL, pool TEXT NOT NULL, launch INTEGER NOT NULL,
  node TEXT NOT NULL, issued INTEGER NOT NULL DEFAULT 0, scanned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(owner, tag, hour, pool, launch, node)) WITHOUT ROWID;
CREATE TABLE stats_day(owner TEXT NOT NULL, tag TEXT NOT NULL, day INTEGER NOT NULL, pool TEXT NOT NULL, launch INTEGER NOT NULL,
  issued INTEGER NOT NULL DEFAULT 0, scanned INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(owner, tag, day, pool, launch)) WITHOUT ROWID;
INSERT INTO stats_hour(owner, tag, hour, pool, launch, node, issued, scanned)
  SELECT owner, tag, hour, pool, launch, node, issued, scanned FROM stats_by_time ORDER BY owner, tag, hour, pool, launch, node;
INSERT INTO stats_hour(owner, tag, hour, pool, launch, node, issued, scanned)
  SELECT '', '', hour, pool, launch, node, sum(issued), sum(scanned) FROM stats_by_time WHERE tag = '' GROUP BY hour, pool, launch, node;
INSERT INTO stats_day(owner, tag, day, pool, launch, issued, scanned)
  SELECT owner, tag, hour / 24, pool, launch, sum(issued), sum(scanned) FROM stats_hour GROUP BY owner, tag, hour / 24, pool, launch;
DROP TABLE stats_by_time;
CREATE INDEX codes_bound_all ON codes(gen_id, bound_ms) WHERE bound_ms IS NOT NULL;
CREATE INDEX codes_expires_all ON codes(gen_id, expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX codes_revoked_all ON codes(gen_id, bound_ms) WHERE state = 3;
)sql";

constexpr migration steps[] = {{1, schema_1}, {2, schema_2, &has_hours}, {3, schema_3}, {4, schema_4}};

constexpr sql has_meta{"has_meta", "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='meta'"};
constexpr sql has_anything{"has_anything", "SELECT count(*) FROM sqlite_schema"};
constexpr sql read_schema{"read_schema", "SELECT v FROM meta WHERE k='schema'"};
constexpr sql put_meta{"put_meta", "INSERT INTO meta(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v=excluded.v"};

int64_t number(connection& db, const sql& query) {
  auto q = db.use(query);
  return q.step() ? q.integer(0) : 0;
}

// A copy that exists is of an attempt that did not end: this one replaces it.
void copy_before_migration(connection& db, uint32_t schema) {
  auto copy = fmt::format("{}.schema{}", db.file(), schema);
  ::unlink(copy.c_str());
  make_private_file(copy);
  std::string quoted;
  for (auto c : copy) quoted += c == '\'' ? "''" : std::string(1, c);
  try {
    db.execute("copy_before_migration", "VACUUM INTO '" + quoted + "'");
  } catch (const refusal&) {
    ::unlink(copy.c_str());
    throw;
  }
}

void take_step(connection& db, const migration& step) {
  if (!step.only_if || number(db, *step.only_if) != 0) db.execute("migrate", step.text);
}

} // namespace

std::span<const migration> migrations() {
  return steps;
}

uint32_t schema_of(connection& db) {
  auto meta = number(db, has_meta) != 0;
  auto have = meta ? number(db, read_schema) : 0;
  if (have == 0 && number(db, has_anything) != 0)
    throw refusal{fail(ec::conflict,
                       fmt::format("store {}: it is an SQLite file of another program; name another file", db.file()))};
  return static_cast<uint32_t>(have);
}

void build_schema(connection& empty, std::span<const migration> steps_to_take) {
  for (const auto& step : steps_to_take) take_step(empty, step);
}

void migrate(connection& db, std::span<const migration> steps_to_take, const std::string& cluster_name) {
  auto have = schema_of(db);
  auto known = steps_to_take.back().to, oldest = steps_to_take.front().to - 1;
  if (have > known)
    throw refusal{
        fail(ec::conflict,
             fmt::format("store {}: its schema is {}, this qrwell knows {} and older; start the qrwell that wrote it, "
                         "or a newer one, or restore the copy made before the upgrade",
                         db.file(), have, known))};
  if (have < oldest)
    throw refusal{fail(ec::conflict,
                       fmt::format("store {}: its schema is {}, this qrwell wants {} and can bring {} and newer up to "
                                   "it; start a qrwell between the two on it first",
                                   db.file(), have, known, oldest))};
  if (have != 0 && have < known) copy_before_migration(db, have);
  if (have == known) return;
  // All steps or none: a file that does not become what this build expects stays as it was.
  db.begin_write();
  for (const auto& step : steps_to_take) {
    if (step.to <= have) continue;
    take_step(db, step);
    if (step.to == 1) {
      auto uuid = to_hex(random_bytes(16));
      db.use(put_meta).arg("store_uuid").arg(uuid).run();
      db.use(put_meta).arg("cluster_name").arg(cluster_name).run();
    }
  }
  db.use(put_meta).arg("schema").arg(known).run();
  check_schema(db, steps_to_take);
  db.commit();
}

} // namespace qrwell::sqlite
