#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr uint32_t claim_lots_max = 256; ///< per claim: the most a shelf holds

constexpr sql next_lot_no{"next_lot_no", "UPDATE leases SET seq = seq + 1 WHERE name = 'lots' RETURNING seq"};
constexpr sql put_lot{
    "put_lot", "INSERT INTO lots(lot_no, gen_id, n, state, holder, begun_ms, held_ms) VALUES(?, ?, 0, ?, ?, ?, ?)"};
constexpr sql first_ready{"first_ready",
                          "SELECT lot_no FROM lots WHERE gen_id = ? AND state = 2 ORDER BY lot_no LIMIT 1"};
constexpr sql hold_lot{"hold_lot",
                       "UPDATE lots SET state = 3, holder = ?, held_ms = ?, n = ? WHERE lot_no = ? AND state = 2"};
constexpr sql stocked_ids{"stocked_ids", "SELECT id FROM codes WHERE lot_no = ? AND state = 1"};
constexpr sql any_stocked{"any_stocked", "SELECT count(*) FROM codes WHERE lot_no = ? AND state = 1"};
constexpr sql holder_of{"holder_of", "SELECT 1 FROM lots WHERE lot_no = ? AND state = 3 AND holder = ?"};
constexpr sql finish_lot{"finish_lot",
                         "UPDATE lots SET state = 4, holder = NULL, n = 0, ended_ms = ? WHERE lot_no = ?"};
constexpr sql release_lot{
    "release_lot", "UPDATE lots SET state = 2, holder = NULL, n = ?, queued_ms = NULL, ready_ms = ? WHERE lot_no = ?"};
constexpr sql held_by{"held_by", "SELECT lot_no FROM lots WHERE holder = ? AND state = 3 ORDER BY lot_no"};
// A clock that was set back must not keep a lot open for ever: one begun in the future is sealed too.
constexpr sql seal_filling{
    "seal_filling",
    "UPDATE lots SET state = 2, ready_ms = ? WHERE gen_id = ? AND state = 1 AND (begun_ms <= ? OR begun_ms > ?)"};
constexpr sql oldest_free{
    "oldest_free", "SELECT lot_no FROM lots WHERE gen_id = ? AND state IN (1, 2) ORDER BY state, lot_no LIMIT 1"};
constexpr sql void_lot{"void_lot", "UPDATE lots SET state = 5, n = 0, holder = NULL, ended_ms = ? WHERE lot_no = ?"};
constexpr sql shrink_lot{"shrink_lot", "UPDATE lots SET n = ? WHERE lot_no = ?"};
constexpr sql age_code{"age_code",
                       "UPDATE codes SET state = 4, reason = 'aged_out', changed_ms = ? WHERE id = ? AND state = 1"};
constexpr sql lots_left{"lots_left", "SELECT count(*) FROM lots WHERE gen_id = ? AND state IN (1, 2, 3)"};
constexpr sql bury_generation{"bury_generation", "UPDATE generations SET state = 3 WHERE gen_id = ? AND state = 2"};

} // namespace

/// A lot that begins to fill, or, with a holder, one that is held from the start.
uint64_t sqlite_code_store::begin_lot(uint32_t gen_id, const std::string& holder) {
  uint64_t lot_no = 0;
  {
    auto next = db_->use(next_lot_no);
    next.step();
    lot_no = next.as<uint64_t>(0);
  }
  auto now = clock_.wall_ms();
  db_->use(put_lot)
      .arg(lot_no)
      .arg(gen_id)
      .arg(holder.empty() ? 1 : 3)
      .arg_or_null(holder)
      .arg(now)
      .arg_or_null(holder.empty() ? 0 : now)
      .run();
  return lot_no;
}

std::vector<std::string> sqlite_code_store::stocked_in(uint64_t lot_no) {
  std::vector<std::string> ids;
  auto rows = db_->use(stocked_ids);
  rows.arg(lot_no);
  while (rows.step()) ids.push_back(rows.text(0));
  return ids;
}

claim_result sqlite_code_store::claim(const claim_request& request, const std::string& holder) {
  claim_result out{request.pool, request.gen_id, {}, false};
  auto wanted = std::min(request.lots, claim_lots_max);
  auto now = clock_.wall_ms();
  // Lots whose codes are all gone already are ended on the way and do not count: at most as many again are looked at.
  for (uint32_t looked = 0; out.lots.size() < wanted && looked < 2 * wanted; ++looked) {
    uint64_t lot_no = 0;
    {
      auto row = db_->use(first_ready);
      if (!row.arg(request.gen_id).step()) break;
      lot_no = row.as<uint64_t>(0);
    }
    auto ids = stocked_in(lot_no);
    if (ids.empty()) {
      db_->use(finish_lot).arg(now).arg(lot_no).run();
      continue;
    }
    db_->use(hold_lot).arg(holder).arg(now).arg(ids.size()).arg(lot_no).run();
    out.lots.push_back({lot_no, request.gen_id, std::move(ids)});
  }
  return out;
}

/// Ends a lot that `holder` holds. A code of it that is still stocked, against what the holder believes, goes back with
/// the lot: nothing is stranded, and the row decides who gets it.
void sqlite_code_store::end_lot(uint64_t lot_no, const std::string& holder) {
  {
    auto row = db_->use(holder_of);
    if (!row.arg(lot_no).arg(holder).step()) return;
  }
  int64_t left = 0;
  {
    auto row = db_->use(any_stocked);
    if (row.arg(lot_no).step()) left = row.integer(0);
  }
  auto now = clock_.wall_ms();
  if (left == 0)
    db_->use(finish_lot).arg(now).arg(lot_no).run();
  else
    db_->use(release_lot).arg(left).arg(now).arg(lot_no).run();
}

uint64_t sqlite_code_store::release_lots(const std::string& holder) {
  std::vector<uint64_t> held;
  {
    auto rows = db_->use(held_by);
    rows.arg(holder);
    while (rows.step()) held.push_back(rows.as<uint64_t>(0));
  }
  for (auto lot_no : held) end_lot(lot_no, holder);
  return held.size();
}

caf::expected<affected> sqlite_code_store::give_back_lots(const lots_give_back& back) {
  return write([&] { return affected{release_lots(back.holder), {}}; });
}

caf::expected<affected> sqlite_code_store::seal_lots(const lots_seal& seal) {
  return write([&] {
    auto now = clock_.wall_ms();
    auto sealed =
        db_->use(seal_filling).arg(now).arg(seal.gen_id).arg(now - int64_t{seal.older_than_for_ms}).arg(now).run();
    return affected{static_cast<uint64_t>(sealed), {}};
  });
}

caf::expected<affected> sqlite_code_store::age_out(const qrwell::age_out& age) {
  return write([&] {
    if (read_generation(age.gen_id).state == generation_state::current)
      throw refusal{fail(ec::conflict, fmt::format("generation {} of pool {} is the current one: it does not age",
                                                   age.gen_id, pool_of(age.gen_id)))};
    affected out;
    auto now = clock_.wall_ms();
    while (out.count < age.codes_max) {
      uint64_t lot_no = 0;
      {
        auto row = db_->use(oldest_free);
        if (!row.arg(age.gen_id).step()) break;
        lot_no = row.as<uint64_t>(0);
      }
      auto ids = stocked_in(lot_no);
      auto room = std::min<size_t>(age.codes_max - out.count, ids.size());
      for (size_t i = 0; i < room; ++i) db_->use(age_code).arg(now).arg(ids[i]).run();
      if (room == ids.size())
        db_->use(void_lot).arg(now).arg(lot_no).run();
      else
        db_->use(shrink_lot).arg(ids.size() - room).arg(lot_no).run();
      out.count += room;
      out.ids.insert(out.ids.end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(room));
    }
    auto left = db_->use(lots_left);
    if (left.arg(age.gen_id).step() && left.integer(0) == 0) db_->use(bury_generation).arg(age.gen_id).run();
    return out;
  });
}

} // namespace qrwell
