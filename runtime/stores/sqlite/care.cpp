#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "runtime/stores/sqlite/stored_counts.hpp"
#include "runtime/stores/sqlite/stored_tags.hpp"

#include <tuple>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t day_ms = 24 * 3'600'000;
constexpr int64_t keys_kept_ms = 7 * day_ms, dead_kept_ms = 30 * day_ms, lots_kept_ms = 7 * day_ms;

constexpr sql add_scan{
    "add_scan",
    "INSERT INTO scan_counts(id, day, launch, n) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql scanned_code{"scanned_code", "SELECT gen_id, owner, tags FROM codes WHERE id = ?"};

constexpr sql purge_keys{"purge_keys",
                         "DELETE FROM idem WHERE (owner, k) IN (SELECT owner, k FROM idem WHERE at_ms < ? LIMIT ?)"};
constexpr sql old_dead{"old_dead", "SELECT id, gen_id, image_fmt IS NOT NULL FROM codes WHERE state = 4 AND changed_ms "
                                   "< ? ORDER BY changed_ms LIMIT ?"};
constexpr sql delete_code{"delete_code", "DELETE FROM codes WHERE id = ? AND state = 4"};
constexpr sql count_purged{
    "count_purged",
    "INSERT INTO purged(gen_id, state, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql generations{"purge_generations", "SELECT gen_id FROM generations"};
constexpr sql purge_lots{"purge_lots", "DELETE FROM lots WHERE lot_no IN (SELECT lot_no FROM lots WHERE gen_id = ? AND "
                                       "state IN (4, 5) AND ended_ms < ? LIMIT ?)"};

} // namespace

caf::expected<void> sqlite_code_store::add_scans(const scans_seen& scans) {
  return write([&] {
    auto now = clock_.wall_ms();
    std::map<std::tuple<std::string, std::string, std::string, uint32_t>, uint64_t> totals; // pool, owner, tag, launch
    for (auto& s : scans.scans) {
      db_->use(add_scan).arg(s.id).arg(now / day_ms).arg(s.launch).arg(s.count).run();
      auto row = db_->use(scanned_code);
      if (!row.arg(s.id).step()) continue;
      auto pool = pool_of(row.as<uint32_t>(0));
      totals[{pool, row.text(1), "", s.launch}] += s.count;
      for (auto& tag : tags_in(row.view(2))) totals[{pool, row.text(1), tag, s.launch}] += s.count;
    }
    for (auto& [key, n] : totals) {
      auto& [pool, owner, tag, launch] = key;
      add_counts(*db_, {owner, tag, pool, launch, {}, 0, n}, now);
    }
  });
}

caf::expected<affected> sqlite_code_store::purge(const store_purge& purge) {
  return write([&] {
    affected out;
    auto now = clock_.wall_ms();
    auto room = int64_t{purge.rows_max};
    auto spend = [&](int64_t rows) {
      out.count += static_cast<uint64_t>(rows);
      room -= rows;
    };
    spend(db_->use(purge_keys).arg(now - keys_kept_ms).arg(room).run());
    struct dead_row {
      std::string id;
      uint32_t gen_id;
      bool has_image;
    };
    std::vector<dead_row> dead;
    {
      auto rows = db_->use(old_dead);
      rows.arg(now - dead_kept_ms).arg(room);
      while (rows.step()) dead.push_back({rows.text(0), rows.as<uint32_t>(1), rows.integer(2) != 0});
    }
    std::map<std::pair<uint32_t, int>, uint64_t> counts;
    for (auto& row : dead) {
      db_->use(delete_code).arg(row.id).run();
      ++counts[{row.gen_id, row.has_image ? 4 : 0}];
      if (row.has_image) out.ids.push_back(std::move(row.id));
    }
    for (auto& [key, n] : counts) db_->use(count_purged).arg(key.first).arg(key.second).arg(n).run();
    spend(static_cast<int64_t>(dead.size()));
    std::vector<uint32_t> gens;
    {
      auto rows = db_->use(generations);
      while (rows.step()) gens.push_back(rows.as<uint32_t>(0));
    }
    for (auto gen_id : gens)
      if (room > 0) spend(db_->use(purge_lots).arg(gen_id).arg(now - lots_kept_ms).arg(room).run());
    return out;
  });
}

} // namespace qrwell
