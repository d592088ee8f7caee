#include "runtime/stores/sqlite/stored_counts.hpp"

namespace qrwell::sqlite {
namespace {

constexpr int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;

constexpr sql add_to_hour{
    "add_to_hour",
    "INSERT INTO stats_hour(owner, tag, hour, pool, launch, node, issued, scanned) VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET issued = issued + excluded.issued, scanned = scanned + excluded.scanned"};
constexpr sql add_to_day{
    "add_to_day", "INSERT INTO stats_day(owner, tag, day, pool, launch, issued, scanned) VALUES(?, ?, ?, ?, ?, ?, ?) "
                  "ON CONFLICT DO UPDATE SET issued = issued + excluded.issued, scanned = scanned + excluded.scanned"};

void add(connection& db, std::string_view owner, const counted& what, int64_t now_ms) {
  auto hour = db.use(add_to_hour);
  hour.arg(owner).arg(what.tag).arg(now_ms / hour_ms).arg(what.pool).arg(what.launch).arg(what.node);
  hour.arg(what.issued).arg(what.scanned).run();
  auto day = db.use(add_to_day);
  day.arg(owner).arg(what.tag).arg(now_ms / day_ms).arg(what.pool).arg(what.launch);
  day.arg(what.issued).arg(what.scanned).run();
}

} // namespace

void add_counts(connection& db, const counted& what, int64_t now_ms) {
  add(db, what.owner, what, now_ms);
  if (what.tag.empty()) add(db, "", what, now_ms);
}

} // namespace qrwell::sqlite
