#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr sql find_app{"find_app", "SELECT app_id, appid FROM apps WHERE name = ?"};
constexpr sql find_appid{"find_appid", "SELECT name FROM apps WHERE appid = ?"};
constexpr sql put_app{"put_app", "INSERT INTO apps(app_id, name, appid) VALUES((SELECT coalesce(max(app_id), 0) + 1 "
                                 "FROM apps), ?, ?) RETURNING app_id"};

#define QRWELL_GENERATION "SELECT gen_id, pool, app_id, spec, spec_hash, state, created_ms FROM generations "
constexpr sql find_generation{"find_generation", QRWELL_GENERATION "WHERE pool = ? AND spec_hash = ?"};
constexpr sql read_generation_row{"read_generation", QRWELL_GENERATION "WHERE gen_id = ?"};
constexpr sql generations_of_pool{"generations_of_pool", QRWELL_GENERATION "WHERE pool = ? ORDER BY gen_id"};
#undef QRWELL_GENERATION
// Born ageing: only apply_generation makes one current.
constexpr sql put_generation{
    "put_generation",
    "INSERT INTO generations(gen_id, pool, app_id, spec, spec_hash, state, created_ms) "
    "VALUES((SELECT coalesce(max(gen_id), 0) + 1 FROM generations), ?, ?, ?, ?, 2, ?) RETURNING gen_id"};
constexpr sql age_others{"age_others", "UPDATE generations SET state = 2 WHERE pool = ? AND gen_id <> ? AND state = 1"};
constexpr sql make_current{"make_current", "UPDATE generations SET state = 1 WHERE gen_id = ?"};
constexpr sql seal_others{"seal_others", "UPDATE lots SET state = 2, ready_ms = ? WHERE state = 1 AND gen_id IN "
                                         "(SELECT gen_id FROM generations WHERE pool = ? AND gen_id <> ?)"};

#define QRWELL_POOL "SELECT pool, gen_id, paused, pause_reason, version, updated_ms FROM pools "
constexpr sql find_pool{"find_pool", QRWELL_POOL "WHERE pool = ?"};
constexpr sql all_pools{"all_pools", QRWELL_POOL "ORDER BY pool"};
#undef QRWELL_POOL
constexpr sql apply_pool{"apply_pool", "INSERT INTO pools(pool, gen_id, version, updated_ms) VALUES(?, ?, 1, ?) "
                                       "ON CONFLICT(pool) DO UPDATE SET gen_id = excluded.gen_id, version = version + "
                                       "1, updated_ms = excluded.updated_ms"};
// Leaves updated_ms alone: from it on the stock of former looks ages, whatever pauses come meanwhile.
constexpr sql pause_pool{"pause_pool",
                         "UPDATE pools SET paused = ?, pause_reason = ?, version = version + 1 WHERE pool = ?"};

constexpr sql lots_by_state{
    "lots_by_state", "SELECT state, count(*), sum(n) FROM lots WHERE gen_id = ? AND state IN (1, 2, 3) GROUP BY state"};
constexpr sql dead_in_books{"dead_in_books", "SELECT n FROM books WHERE gen_id = ? AND outcome = 'dead'"};

constexpr sql put_mac_key{
    "put_mac_key", "INSERT INTO mac_keys(key_char, fingerprint, added_ms, signing, verify) VALUES(?, ?, ?, ?, ?) "
                   "ON CONFLICT(key_char, fingerprint) DO UPDATE SET signing = excluded.signing, "
                   "verify = CASE excluded.verify WHEN 'store' THEN 'store' ELSE verify END"};
constexpr sql all_mac_keys{
    "all_mac_keys", "SELECT key_char, fingerprint, signing, verify FROM mac_keys ORDER BY key_char, fingerprint"};

generation_row generation_at(statement& row) {
  generation_row g;
  g.gen_id = row.as<uint32_t>(0);
  g.pool = row.text(1);
  g.app_id = row.as<uint32_t>(2);
  g.spec = row.text(3);
  g.spec_hash = row.hash(4);
  g.state = row.as<generation_state>(5);
  g.created_ms = row.integer(6);
  return g;
}

pool_row pool_at(statement& row) {
  pool_row p;
  p.pool = row.text(0);
  p.gen_id = row.as<uint32_t>(1);
  p.paused = row.integer(2) != 0;
  p.pause_reason = row.text(3);
  p.version = row.as<uint64_t>(4);
  p.updated_ms = row.integer(5);
  return p;
}

std::string as_json(boost::json::object object) {
  return boost::json::serialize(object);
}

} // namespace

caf::expected<uint32_t> sqlite_code_store::ensure_app(const std::string& name, const std::string& appid) {
  return write([&]() -> uint32_t {
    {
      auto row = db_->use(find_app);
      if (row.arg(name).step()) {
        if (row.view(1) == appid) return row.as<uint32_t>(0);
        throw refusal{fail(
            ec::conflict,
            fmt::format("app {} has the appid {} in this store, the configuration says {}: an app keeps its appid; "
                        "give the new one another name",
                        name, row.view(1), appid))};
      }
    }
    {
      auto row = db_->use(find_appid);
      if (row.arg(appid).step())
        throw refusal{
            fail(ec::conflict,
                 fmt::format("appid {} is the app {} in this store, the configuration calls it {}: use the old name",
                             appid, row.view(0), name))};
    }
    auto put = db_->use(put_app);
    put.arg(name).arg(appid).step();
    return put.as<uint32_t>(0);
  });
}

caf::expected<generation_row> sqlite_code_store::ensure_generation(const std::string& pool, uint32_t app_id,
                                                                   const std::string& spec, const digest& spec_hash) {
  return write([&] {
    {
      auto row = db_->use(find_generation);
      if (row.arg(pool).arg(spec_hash).step()) return generation_at(row);
    }
    uint32_t gen_id = 0;
    {
      auto put = db_->use(put_generation);
      put.arg(pool).arg(app_id).arg(spec).arg(spec_hash).arg(clock_.wall_ms()).step();
      gen_id = put.as<uint32_t>(0);
    }
    return read_generation(gen_id);
  });
}

generation_row sqlite_code_store::read_generation(uint32_t gen_id) {
  auto row = db_->use(read_generation_row);
  if (row.arg(gen_id).step()) return generation_at(row);
  throw refusal{fail(ec::not_found, fmt::format("generation {} is not in this store", gen_id))};
}

pool_row sqlite_code_store::read_pool(const std::string& pool) {
  auto row = db_->use(find_pool);
  if (row.arg(pool).step()) return pool_at(row);
  throw refusal{
      fail(ec::not_found, fmt::format("pool {} is not in this store: it comes in when a node starts that is configured "
                                      "with it",
                                      pool))};
}

caf::expected<pool_row> sqlite_code_store::apply_generation(const std::string& pool, uint32_t gen_id,
                                                            const std::string& actor) {
  return write([&] {
    if (read_generation(gen_id).pool != pool)
      throw refusal{fail(ec::conflict,
                         fmt::format("generation {} belongs to pool {}, not to {}", gen_id, pool_of(gen_id), pool))};
    uint32_t before = 0;
    {
      auto row = db_->use(find_pool);
      if (row.arg(pool).step()) before = row.as<uint32_t>(1);
    }
    if (before == gen_id && read_generation(gen_id).state == generation_state::current) return read_pool(pool);
    auto now = clock_.wall_ms();
    db_->use(age_others).arg(pool).arg(gen_id).run();
    db_->use(seal_others).arg(now).arg(pool).arg(gen_id).run();
    db_->use(make_current).arg(gen_id).run();
    db_->use(apply_pool).arg(pool).arg(gen_id).arg(now).run();
    audit(actor, "pool_apply", as_json({{"pool", pool}, {"generation", gen_id}, {"before", before}}));
    return read_pool(pool);
  });
}

caf::expected<std::vector<pool_row>> sqlite_code_store::pools() {
  return read([&] {
    std::vector<pool_row> out;
    auto rows = db_->use(all_pools);
    while (rows.step()) out.push_back(pool_at(rows));
    return out;
  });
}

caf::expected<pool_row> sqlite_code_store::pause(const pool_pause& command) {
  return write([&] {
    auto before = read_pool(command.pool);
    db_->use(pause_pool)
        .arg(command.paused)
        .arg(command.paused ? command.reason : std::string{})
        .arg(command.pool)
        .run();
    audit(command.actor, command.paused ? "pool_pause" : "pool_resume",
          as_json({{"pool", command.pool}, {"reason", command.reason}, {"was_paused", before.paused}}));
    return read_pool(command.pool);
  });
}

caf::expected<stock_levels> sqlite_code_store::levels(const levels_query& query) {
  return read([&] {
    stock_levels out;
    {
      auto row = db_->use(find_pool);
      row.arg(query.pool);
      if (row.step())
        out.pool = pool_at(row);
      else
        out.pool.pool = query.pool;
    }
    {
      auto rows = db_->use(generations_of_pool);
      rows.arg(query.pool);
      while (rows.step()) out.generations.push_back(generation_at(rows));
    }
    for (auto& g : out.generations) {
      stock_level level;
      level.gen_id = g.gen_id;
      auto lots = db_->use(lots_by_state);
      lots.arg(g.gen_id);
      while (lots.step()) {
        auto codes = lots.as<uint64_t>(2);
        if (lots.integer(0) == 1) level.filling_codes = codes;
        if (lots.integer(0) == 2) level.ready_lots = lots.as<uint64_t>(1), level.ready_codes = codes;
        if (lots.integer(0) == 3) level.held_codes = codes;
      }
      auto dead = db_->use(dead_in_books);
      if (dead.arg(g.gen_id).step()) level.dead_codes = dead.as<uint64_t>(0);
      out.levels.push_back(level);
    }
    return out;
  });
}

caf::expected<void> sqlite_code_store::ensure_mac_key(const mac_key_row& key) {
  return write([&] {
    std::string letter(1, key.key_char);
    db_->use(put_mac_key).arg(letter).arg(key.fingerprint).arg(clock_.wall_ms()).arg(key.signing).arg(key.verify).run();
  });
}

caf::expected<std::vector<code_store::mac_key_row>> sqlite_code_store::mac_keys() {
  return read([&] {
    std::vector<mac_key_row> out;
    auto rows = db_->use(all_mac_keys);
    while (rows.step()) {
      auto letter = rows.view(0);
      out.push_back({letter.empty() ? '0' : letter[0], rows.hash(1), rows.integer(2) != 0, rows.text(3)});
    }
    return out;
  });
}

} // namespace qrwell
