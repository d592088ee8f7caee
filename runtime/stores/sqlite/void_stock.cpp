#include "runtime/ids/hash.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

// By the state itself and not by lots: a copy is looked at once, and every row counts.
constexpr sql stock_by_pool{"stock_by_pool",
                            "SELECT g.pool, count(*) FROM codes c JOIN generations g ON g.gen_id = c.gen_id "
                            "WHERE c.state = 1 GROUP BY g.pool ORDER BY g.pool"};
constexpr sql newest_bound{"newest_bound", "SELECT max(bound_ms) FROM codes"};
constexpr sql void_codes{"void_codes",
                         "UPDATE codes SET state = 4, reason = 'restored', changed_ms = ? WHERE state = 1"};
constexpr sql void_lots{"void_lots", "UPDATE lots SET state = 5, n = 0, holder = NULL, ended_ms = ? "
                                     "WHERE state IN (1, 2, 3)"};
constexpr sql new_identity{"new_identity", "UPDATE meta SET v = CASE k WHEN 'store_uuid' THEN ? ELSE '' END "
                                           "WHERE k IN ('store_uuid', 'restored_from')"};
// A grant of nobody, closed just now with all of the minute's calls sent: the next leader lets them cool, as it would
// those that the lost store knew of.
constexpr sql put_used_up{
    "put_used_up",
    "INSERT INTO grants(app_id, epoch, seq, holder, n, ids, gen_id, class, opened_ms, closed_ms, closed_by_server, "
    "sent) "
    "SELECT a.app_id, coalesce(l.epoch, 0), max(coalesce(l.seq, 0), "
    "(SELECT coalesce(max(seq), 0) FROM grants g WHERE g.app_id = a.app_id AND g.epoch = coalesce(l.epoch, 0))) + 1, "
    "'recover', ?2, '', 0, 0, ?3, ?4, ?5, ?2 "
    "FROM apps a LEFT JOIN leases l ON l.name = 'app:' || a.name WHERE a.name = ?1"};

} // namespace

caf::expected<code_store::stock_voided> sqlite_code_store::void_stock(const stock_void& order) {
  auto look = [&] {
    stock_voided out;
    {
      auto rows = db_->use(stock_by_pool);
      while (rows.step()) out.codes.emplace_back(rows.text(0), rows.as<uint64_t>(1));
    }
    auto row = db_->use(newest_bound);
    if (row.step() && !row.is_null(0)) out.newest_bound_ms = row.integer(0);
    return out;
  };
  if (order.only_count) return read(look);
  return write([&] {
    auto out = look();
    auto now = clock_.wall_ms();
    auto codes = db_->use(void_codes).arg(now).run();
    db_->use(void_lots).arg(now).run();
    db_->use(new_identity).arg(to_hex(random_bytes(16))).run();
    for (const auto& [app, per_minute] : order.limits) use_up_minute(app, per_minute);
    audit(order.actor, "stock.void", fmt::format(R"({{"codes":{},"why":"{}"}})", codes, order.why));
    bump_commit_seq();
    return out;
  });
}

void sqlite_code_store::use_up_minute(const std::string& app, uint32_t per_minute) {
  auto server = clock_.lease_server();
  db_->use(put_used_up).arg(app).arg(per_minute).arg(clock_.wall_ms()).arg(clock_.lease_ms()).arg(server).run();
}

} // namespace qrwell
