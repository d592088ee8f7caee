#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr size_t grant_ids_max = 64; ///< the protocol's K is 16

constexpr sql find_lease{"find_lease", "SELECT epoch, seq, holder, expires_ms, server_id FROM leases WHERE name = ?"};
constexpr sql put_lease{
    "put_lease",
    "INSERT INTO leases(name, epoch, holder, expires_ms, seq, server_id) VALUES(?, 1, ?, ?, 0, ?) "
    "ON CONFLICT(name) DO UPDATE SET epoch = epoch + 1, holder = excluded.holder, expires_ms = excluded.expires_ms, "
    "seq = 0, server_id = excluded.server_id"};
constexpr sql renew{"renew_lease",
                    "UPDATE leases SET expires_ms = ?, server_id = ? WHERE name = ? AND epoch = ? AND holder = ?"};
constexpr sql advance_lease{
    "advance_lease",
    "UPDATE leases SET seq = max(seq, ?), expires_ms = ?, server_id = ? WHERE name = ? AND epoch = ? AND holder = ?"};

constexpr sql grants_of_app{"grants_of_app", "SELECT epoch, seq, holder, n, closed_ms, closed_by_server, sent, lost "
                                             "FROM grants WHERE app_id = ? ORDER BY epoch, seq"};
constexpr sql put_grant{"put_grant", "INSERT INTO grants(app_id, epoch, seq, holder, n, ids, gen_id, class, opened_ms) "
                                     "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) "
                                     "ON CONFLICT DO NOTHING"};
constexpr sql find_grant_row{
    "find_grant", "SELECT holder, ids, closed_ms, opened_ms FROM grants WHERE app_id = ? AND epoch = ? AND seq = ?"};
constexpr sql end_grant{"end_grant", "UPDATE grants SET closed_ms = ?, closed_by_server = ?, sent = ?, lost = ? "
                                     "WHERE app_id = ? AND epoch = ? AND seq = ? AND closed_ms IS NULL"};
constexpr sql drop_grant{"drop_grant", "DELETE FROM grants WHERE app_id = ? AND epoch = ? AND seq = ?"};
constexpr sql open_grants_of{
    "open_grants_of",
    "SELECT app_id, epoch, seq, n, ids, gen_id, class, opened_ms FROM grants WHERE holder = ? AND closed_ms IS NULL"};

constexpr sql add_ledger{
    "add_ledger", "INSERT INTO ledger(app_id, gen_id, minute, node, class, outcome, n) VALUES(?, ?, ?, ?, ?, ?, ?) "
                  "ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql add_book{
    "add_book", "INSERT INTO books(gen_id, outcome, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};

constexpr sql put_dead{
    "put_dead",
    "INSERT INTO codes(id, gen_id, kind, state, reason, changed_ms, epoch, grant_seq) VALUES(?, ?, 1, 4, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"};
constexpr sql put_stocked{"put_stocked",
                          "INSERT INTO codes(id, gen_id, kind, state, lot_no, stocked_ms, fetched_ms, changed_ms, "
                          "epoch, grant_seq, image_fmt, "
                          "image_len, image_sha) VALUES(?, ?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql filling_lot{"filling_lot",
                          "SELECT lot_no, n FROM lots WHERE gen_id = ? AND state = 1 ORDER BY lot_no LIMIT 1"};
constexpr sql fill_lot{"fill_lot", "UPDATE lots SET n = ?, state = ?, ready_ms = ? WHERE lot_no = ?"};
constexpr sql held_lot_of{
    "held_lot_of",
    "SELECT l.lot_no FROM codes c JOIN lots l ON l.lot_no = c.lot_no WHERE c.id = ? AND l.state = 3 AND l.holder = ?"};

constexpr sql end_incarnations{"end_incarnations",
                               "UPDATE nodes SET ended_ms = ? WHERE ended_ms IS NULL AND incarnation <> ?"};
constexpr sql put_incarnation{
    "put_incarnation", "INSERT INTO nodes(incarnation, name, started_ms) VALUES(?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql all_holders{"all_holders", "SELECT DISTINCT holder FROM lots WHERE holder IS NOT NULL"};
constexpr sql seal_all{"seal_all", "UPDATE lots SET state = 2, ready_ms = ? WHERE state = 1 AND gen_id = ?"};
constexpr sql all_generations{"all_generations", "SELECT gen_id FROM generations"};

std::string joined(const std::vector<std::string>& ids) {
  return fmt::format("{}", fmt::join(ids, "\n"));
}

std::vector<std::string> split(std::string_view ids) {
  std::vector<std::string> out;
  while (!ids.empty()) {
    auto end = std::min(ids.find('\n'), ids.size());
    out.emplace_back(ids.substr(0, end));
    ids.remove_prefix(std::min(end + 1, ids.size()));
  }
  return out;
}

refusal not_leader(const std::string& lease, const std::string& holder, uint64_t epoch) {
  return {fail(ec::not_leader,
               fmt::format("lease {}: {} does not hold it in epoch {} any more; step down", lease, holder, epoch))};
}

} // namespace

caf::expected<void> sqlite_code_store::begin_incarnation(const std::string& node, const std::string& incarnation,
                                                         const std::vector<std::string>& predecessors) {
  return write([&] {
    auto now = clock_.wall_ms();
    db_->use(end_incarnations).arg(now).arg(incarnation).run();
    db_->use(put_incarnation).arg(incarnation).arg(node).arg(now).run();
    std::vector<std::string> holders;
    {
      auto rows = db_->use(all_holders);
      while (rows.step()) holders.push_back(rows.text(0));
    }
    for (auto& holder : holders) release_lots(holder);
    std::vector<uint32_t> generations;
    {
      auto rows = db_->use(all_generations);
      while (rows.step()) generations.push_back(rows.as<uint32_t>(0));
    }
    for (auto gen_id : generations) db_->use(seal_all).arg(now).arg(gen_id).run();
    close_as_lost(predecessors);
    node_names_.clear();
  });
}

/// The processes of these holders are gone: whatever their open grants allowed counts as sent and lost, and their ids
/// are dead.
void sqlite_code_store::close_as_lost(const std::vector<std::string>& holders) {
  struct open_row {
    uint32_t app_id;
    uint64_t epoch, seq, n;
    std::vector<std::string> ids;
    uint32_t gen_id;
    quota_class use;
    int64_t opened_ms;
  };
  for (auto& holder : holders) {
    std::vector<open_row> open;
    {
      auto rows = db_->use(open_grants_of);
      rows.arg(holder);
      while (rows.step())
        open.push_back({rows.as<uint32_t>(0), rows.as<uint64_t>(1), rows.as<uint64_t>(2), rows.as<uint64_t>(3),
                        split(rows.view(4)), rows.as<uint32_t>(5), rows.as<quota_class>(6), rows.integer(7)});
    }
    auto server = clock_.lease_server();
    for (auto& g : open) {
      db_->use(end_grant)
          .arg(clock_.lease_ms())
          .arg(server)
          .arg(g.n)
          .arg(g.n)
          .arg(g.app_id)
          .arg(g.epoch)
          .arg(g.seq)
          .run();
      for (auto& id : g.ids) write_dead(id, g.gen_id, "lost", g.epoch, g.seq);
      for (const auto* outcome : {"calls", "lost"})
        add_to_books(g.app_id, g.gen_id, g.opened_ms, node_of(holder), g.use, outcome, g.n);
    }
  }
}

void sqlite_code_store::write_dead(const std::string& id, uint32_t gen_id, const std::string& reason, uint64_t epoch,
                                   uint64_t seq) {
  auto written = db_->use(put_dead).arg(id).arg(gen_id).arg(reason).arg(clock_.wall_ms()).arg(epoch).arg(seq).run();
  if (written > 0) db_->use(add_book).arg(gen_id).arg("dead").arg(written).run();
}

void sqlite_code_store::add_to_books(uint32_t app_id, uint32_t gen_id, int64_t opened_ms, const std::string& node,
                                     quota_class use, const std::string& outcome, uint64_t count) {
  if (count == 0) return;
  db_->use(add_ledger)
      .arg(app_id)
      .arg(gen_id)
      .arg(opened_ms / 60'000)
      .arg(node)
      .arg(static_cast<int>(use))
      .arg(outcome)
      .arg(count)
      .run();
  db_->use(add_book).arg(gen_id).arg(outcome).arg(count).run();
}

lease_view sqlite_code_store::view_of_lease(const std::string& name, uint32_t app_id) {
  lease_view out;
  {
    auto row = db_->use(find_lease);
    if (row.arg(name).step()) out.epoch = row.as<uint64_t>(0), out.seq = row.as<uint64_t>(1);
  }
  auto rows = db_->use(grants_of_app);
  rows.arg(app_id);
  while (rows.step()) {
    grant_row g;
    g.epoch = rows.as<uint64_t>(0);
    g.seq = rows.as<uint64_t>(1);
    g.holder = rows.text(2);
    g.units = rows.as<uint32_t>(3);
    g.closed = !rows.is_null(4);
    g.closed_ms = rows.integer(4);
    g.closed_by_server = rows.text(5);
    g.sent = rows.as<uint32_t>(6);
    g.lost = rows.as<uint32_t>(7);
    out.grants.push_back(std::move(g));
  }
  out.now_ms = clock_.lease_ms();
  out.server = clock_.lease_server();
  return out;
}

caf::expected<lease_view> sqlite_code_store::take_lease(const lease_take& take) {
  return write([&] {
    auto now = clock_.lease_ms();
    auto server = clock_.lease_server();
    auto is_own = [&](std::string_view holder) {
      return std::find(take.own.begin(), take.own.end(), holder) != take.own.end();
    };
    {
      auto row = db_->use(find_lease);
      if (row.arg(take.name).step()) {
        auto holder = row.view(2);
        // An expiry on the clock of another boot says nothing, but its writer did not survive the reboot; its grants
        // stay charged whatever happens.
        auto free = row.integer(3) < now || row.view(4) != server || holder == take.holder || is_own(holder);
        if (!free)
          throw refusal{fail(ec::not_leader, fmt::format("lease {}: {} holds it for {} ms more", take.name, holder,
                                                         row.integer(3) - now))};
      }
    }
    std::vector<std::string> dead;
    for (auto& holder : take.own)
      if (holder != take.holder) dead.push_back(holder);
    close_as_lost(dead);
    db_->use(put_lease).arg(take.name).arg(take.holder).arg(now + int64_t{take.ttl_ms}).arg(server).run();
    return view_of_lease(take.name, take.app_id);
  });
}

caf::expected<lease_view> sqlite_code_store::renew_lease(const lease_renew& r) {
  return write([&] {
    auto server = clock_.lease_server();
    if (db_->use(renew)
            .arg(clock_.lease_ms() + int64_t{r.ttl_ms})
            .arg(server)
            .arg(r.name)
            .arg(r.epoch)
            .arg(r.holder)
            .run() != 1)
      throw not_leader(r.name, r.holder, r.epoch);
    return view_of_lease(r.name, r.app_id);
  });
}

caf::expected<void> sqlite_code_store::open_grant(const grant_open& open) {
  if (open.ids.empty() || open.ids.size() > grant_ids_max)
    return fail(ec::invalid_request, fmt::format("grant {}/{} of {}: {} ids, allowed are 1 to {}", open.epoch, open.seq,
                                                 open.lease, open.ids.size(), grant_ids_max));
  return write([&] {
    auto server = clock_.lease_server();
    auto leads = db_->use(advance_lease)
                     .arg(open.seq)
                     .arg(clock_.lease_ms() + int64_t{open.ttl_ms})
                     .arg(server)
                     .arg(open.lease)
                     .arg(open.epoch)
                     .arg(open.holder)
                     .run();
    if (leads != 1) throw not_leader(open.lease, open.holder, open.epoch);
    auto ids = joined(open.ids);
    auto written = db_->use(put_grant)
                       .arg(open.app_id)
                       .arg(open.epoch)
                       .arg(open.seq)
                       .arg(open.holder)
                       .arg(open.ids.size())
                       .arg(ids)
                       .arg(open.gen_id)
                       .arg(static_cast<int>(open.use))
                       .arg(clock_.wall_ms())
                       .run();
    if (written == 1) return;
    // A repeat after an unknown outcome finds its own row.
    auto row = db_->use(find_grant_row);
    row.arg(open.app_id).arg(open.epoch).arg(open.seq);
    if (!row.step() || row.view(0) != open.holder || row.view(1) != ids)
      throw refusal{fail(ec::conflict, fmt::format("grant {}/{} of {} is another one: its number was used before",
                                                   open.epoch, open.seq, open.lease))};
  });
}

caf::expected<grant_found> sqlite_code_store::find_grant(const grant_find& find) {
  return write([&] {
    // A write: it settles whether an open whose commit failed halfway will ever be there.
    bump_commit_seq();
    auto row = db_->use(find_grant_row);
    return grant_found{row.arg(find.app_id).arg(find.epoch).arg(find.seq).step()};
  });
}

caf::expected<grant_closed> sqlite_code_store::close_grant(const grant_close& close) {
  return write([&] {
    grant_closed out;
    int64_t opened_ms = 0;
    std::string holder;
    {
      auto row = db_->use(find_grant_row);
      out.was_open = row.arg(close.app_id).arg(close.epoch).arg(close.seq).step() && row.is_null(2);
      if (out.was_open) holder = row.text(0), opened_ms = row.integer(3);
    }
    if (!out.was_open) {
      out.lots = held_lots_of(close);
      return out;
    }
    out.lots = write_stock(close);
    for (auto& d : close.dead) write_dead(d.id, close.gen_id, d.reason, close.epoch, close.seq);
    for (auto& entry : close.ledger)
      add_to_books(close.app_id, close.gen_id, opened_ms, node_of(holder), close.use, entry.outcome, entry.count);
    auto server = clock_.lease_server();
    db_->use(end_grant)
        .arg(clock_.lease_ms())
        .arg(server)
        .arg(close.sent)
        .arg(close.lost)
        .arg(close.app_id)
        .arg(close.epoch)
        .arg(close.seq)
        .run();
    return out;
  });
}

/// The rows of a grant's images, in the filling lot or lots of the generation, or in one held lot. Returns the held
/// one.
std::vector<claimed_lot> sqlite_code_store::write_stock(const grant_close& close) {
  if (close.stocked.empty()) return {};
  auto now = clock_.wall_ms();
  auto held = !close.holder.empty();
  auto size = std::max<uint64_t>(close.lot_size, 1);
  uint64_t lot_no = 0, n = 0;
  std::vector<std::string> ids;
  auto settle = [&](bool full) {
    if (lot_no)
      db_->use(fill_lot).arg(n).arg(held ? 3 : full ? 2 : 1).arg_or_null(full && !held ? now : 0).arg(lot_no).run();
  };
  if (!held) {
    auto row = db_->use(filling_lot);
    if (row.arg(close.gen_id).step()) lot_no = row.as<uint64_t>(0), n = row.as<uint64_t>(1);
  }
  for (auto& code : close.stocked) {
    if (lot_no && n >= size && !held) {
      settle(true);
      lot_no = 0;
    }
    if (!lot_no) lot_no = begin_lot(close.gen_id, close.holder), n = 0;
    auto put = db_->use(put_stocked)
                   .arg(code.id)
                   .arg(close.gen_id)
                   .arg(lot_no)
                   .arg(now)
                   .arg_or_null(code.fetched_ms)
                   .arg(now)
                   .arg(close.epoch)
                   .arg(close.seq)
                   .arg(code.image_format)
                   .arg(code.image_bytes)
                   .arg(code.image_sha)
                   .run();
    // An id that has a row keeps it: verify shows the difference to the books.
    if (put != 1) continue;
    ++n;
    if (held) ids.push_back(code.id);
  }
  settle(n >= size);
  if (!held) return {};
  return {{lot_no, close.gen_id, std::move(ids)}};
}

/// For the repeat of a live grant's close: what its first time put into the holder's hands.
std::vector<claimed_lot> sqlite_code_store::held_lots_of(const grant_close& close) {
  if (close.holder.empty() || close.stocked.empty()) return {};
  auto row = db_->use(held_lot_of);
  if (!row.arg(close.stocked.front().id).arg(close.holder).step()) return {};
  auto lot_no = row.as<uint64_t>(0);
  return {{lot_no, close.gen_id, stocked_in(lot_no)}};
}

caf::expected<void> sqlite_code_store::drop_grants(const grants_drop& drop) {
  return write([&] {
    for (auto& [epoch, seq] : drop.grants) db_->use(drop_grant).arg(drop.app_id).arg(epoch).arg(seq).run();
  });
}

} // namespace qrwell
