#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "runtime/stores/sqlite/stored_counts.hpp"
#include "runtime/stores/sqlite/stored_tags.hpp"

#include <tuple>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t day_ms = 24 * 3'600'000;
constexpr int64_t hours_per_day = 24;
constexpr int64_t keys_kept_ms = 7 * day_ms, dead_kept_ms = 30 * day_ms, lots_kept_ms = 7 * day_ms;
constexpr int64_t days_of_scans = 400; ///< then a code keeps its totals, and statistics the sums of whole days
constexpr int64_t launches_max = 16;   ///< of one code and day told apart; more are counted as 0, other
constexpr int walked_max = 300;        ///< codes, and owners' tags, that one call looks at for old counts

constexpr sql add_scan{
    "add_scan",
    "INSERT INTO scan_counts(id, day, launch, n) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql launches_of_day{"launches_of_day",
                              "SELECT count(*), ifnull(sum(launch = ?3), 0) FROM scan_counts WHERE id = ?1 AND day = "
                              "?2 AND launch > 0"};
// Day 0 holds what is older than the days that are kept.
constexpr sql next_scanned{"next_scanned", "SELECT id FROM scan_counts WHERE id > ? ORDER BY id LIMIT 1"};
constexpr sql fold_scans{"fold_scans", "INSERT INTO scan_counts(id, day, launch, n) SELECT id, 0, launch, sum(n) FROM "
                                       "scan_counts WHERE id = ? AND day > 0 AND day < ? GROUP BY launch "
                                       "ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql drop_scans{"drop_scans", "DELETE FROM scan_counts WHERE id = ? AND day > 0 AND day < ?"};
constexpr sql next_counted{"next_counted", "SELECT owner, tag FROM stats_hour WHERE (owner, tag) > (?, ?) ORDER BY "
                                           "owner, tag LIMIT 1"};
constexpr sql drop_hours{"drop_hours", "DELETE FROM stats_hour WHERE owner = ? AND tag = ? AND hour < ?"};
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
    for (auto s : scans.scans) {
      s.launch = launch_to_count(s, now / day_ms);
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

// Anybody may write any number there: one code must not make rows without end.
uint32_t sqlite_code_store::launch_to_count(const scan_count& scan, int64_t day) {
  if (scan.launch == 0) return 0;
  auto there = db_->use(launches_of_day);
  there.arg(scan.id).arg(day).arg(scan.launch).step();
  return there.integer(1) > 0 || there.integer(0) < launches_max ? scan.launch : 0;
}

std::string sqlite_code_store::next_after(const std::string& scanned_id) {
  auto next = db_->use(next_scanned);
  return next.arg(scanned_id).step() ? next.text(0) : std::string();
}

// False: it was the last, and the next one is the first again.
bool sqlite_code_store::next_after(std::pair<std::string, std::string>& counted) {
  std::pair<std::string, std::string> found;
  auto next = db_->use(next_counted);
  auto more = next.arg(counted.first).arg(counted.second).step();
  if (more) found = {next.text(0), next.text(1)};
  counted = std::move(found);
  return more;
}

// A walk over all codes that were ever scanned and all owners' tags, some at each call, again and again: what is old
// has no index of its own, which every scan would have to pay for.
int64_t sqlite_code_store::fold_old_counts(int64_t today, int64_t rows_max) {
  int64_t gone = 0;
  for (int i = 0; i < walked_max && gone < rows_max; ++i) {
    scans_walked_ = next_after(scans_walked_);
    if (scans_walked_.empty()) break;
    db_->use(fold_scans).arg(scans_walked_).arg(today - days_of_scans).run();
    gone += db_->use(drop_scans).arg(scans_walked_).arg(today - days_of_scans).run();
  }
  auto& [owner, tag] = counts_walked_;
  for (int i = 0; i < walked_max && gone < rows_max; ++i) {
    if (!next_after(counts_walked_)) break;
    gone += db_->use(drop_hours).arg(owner).arg(tag).arg((today - days_of_scans) * hours_per_day).run();
  }
  return gone;
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
    if (room > 0) spend(fold_old_counts(now / day_ms, room));
    return out;
  });
}

} // namespace qrwell
