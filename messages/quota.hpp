#pragma once

#include "messages/common.hpp"
#include "messages/stock.hpp"

namespace qrwell {

/// Who may use a unit: stock leaves `live_reserve` alone, live may use all.
enum class quota_class : uint8_t { stock = 1, live = 2 };

/// Asks for up to `want` units. `carry` are ids of a former grant whose call failed and which are to be tried again;
/// they are written into the new grant before any fresh id.
struct grant_request {
  uint32_t gen_id = 0;
  quota_class use = quota_class::stock;
  uint32_t want = 0;
  std::vector<std::string> carry;
  QRWELL_FIELDS(grant_request, gen_id, use, want, carry)
};

/// Units that are written down, with the ids they will be used for. No ids: none is free before `retry_after_ms`.
struct grant_ticket {
  uint32_t app_id = 0;
  uint64_t epoch = 0, seq = 0;
  std::vector<std::string> ids; ///< one unit each; an id may use another's unit for a second attempt
  uint32_t retry_after_ms = 0;
  QRWELL_FIELDS(grant_ticket, app_id, epoch, seq, ids, retry_after_ms)
};

enum class unit_end : uint8_t {
  answered,      ///< WeChat answered: counted at some time before now
  lost,          ///< the socket closed after the first byte was written: may be counted up to 10 s later
  never_written, ///< no byte left this machine: the unit goes back to its grant
};

/// `count` units of a grant are about to be used: said before the first byte may leave.
struct units_sent {
  uint64_t epoch = 0, seq = 0;
  uint32_t count = 0;
  QRWELL_FIELDS(units_sent, epoch, seq, count)
};

struct unit_ended {
  uint64_t epoch = 0, seq = 0;
  unit_end how = unit_end::answered;
  QRWELL_FIELDS(unit_ended, epoch, seq, how)
};

/// WeChat said 45009 or 45011.
struct limit_reported {
  int32_t errcode = 0;
  QRWELL_FIELDS(limit_reported, errcode)
};

/// One line of the books: `outcome` is "calls", "images", "bad_images", "lost", or "error_<errcode>".
struct ledger_entry {
  std::string outcome;
  uint64_t count = 0;
  QRWELL_FIELDS(ledger_entry, outcome, count)
};

/// All of a grant's units are done: what became of them. One transaction writes the rows, the lots, the books and the
/// end of the grant.
struct grant_close {
  uint32_t app_id = 0;
  uint64_t epoch = 0, seq = 0;
  uint32_t gen_id = 0;
  quota_class use = quota_class::stock;
  uint32_t sent = 0, lost = 0;
  std::vector<stocked_code> stocked;
  std::vector<dead_code> dead;
  std::vector<ledger_entry> ledger;
  uint32_t lot_size = 250;
  std::string holder; ///< not empty (live): the codes go into a lot that this incarnation holds at once
  QRWELL_FIELDS(grant_close, app_id, epoch, seq, gen_id, use, sent, lost, stocked, dead, ledger, lot_size, holder)
};

struct grant_closed {
  bool was_open = true;          ///< false: closed before (a repeat after an unknown outcome); nothing was written now
  std::vector<claimed_lot> lots; ///< of a live grant
  QRWELL_FIELDS(grant_closed, was_open, lots)
};

/// A row of the grants table.
struct grant_row {
  uint64_t epoch = 0, seq = 0;
  std::string holder;
  uint32_t units = 0;
  bool closed = false;
  int64_t closed_ms = 0; ///< on the lease clock of `closed_by_server`
  std::string closed_by_server;
  uint32_t sent = 0, lost = 0;
  QRWELL_FIELDS(grant_row, epoch, seq, holder, units, closed, closed_ms, closed_by_server, sent, lost)
};

/// Wants the lease of an app. `own` are this data directory's incarnations, whose processes are known to be dead.
struct lease_take {
  std::string name; ///< "app:<name>"
  uint32_t app_id = 0;
  std::string holder;
  std::vector<std::string> own;
  uint32_t ttl_ms = 10'000;
  QRWELL_FIELDS(lease_take, name, app_id, holder, own, ttl_ms)
};

/// Renews it; error not_leader when it is somebody else's by now.
struct lease_renew {
  std::string name;
  uint32_t app_id = 0;
  std::string holder;
  uint64_t epoch = 0;
  uint32_t ttl_ms = 10'000;
  QRWELL_FIELDS(lease_renew, name, app_id, holder, epoch, ttl_ms)
};

/// The lease as the store wrote it, the store's clock and identity at that instant, and all grants of the app that
/// exist.
struct lease_view {
  uint64_t epoch = 0, seq = 0;
  int64_t now_ms = 0;
  std::string server;
  std::vector<grant_row> grants;
  QRWELL_FIELDS(lease_view, epoch, seq, now_ms, server, grants)
};

/// Writes a grant down; error not_leader when the lease is lost.
struct grant_open {
  std::string lease;
  uint32_t app_id = 0;
  std::string holder;
  uint64_t epoch = 0, seq = 0; ///< seq: the next of this epoch, chosen by the leader
  uint32_t gen_id = 0;
  quota_class use = quota_class::stock;
  std::vector<std::string> ids; ///< at most 16
  uint32_t ttl_ms = 10'000;
  QRWELL_FIELDS(grant_open, lease, app_id, holder, epoch, seq, gen_id, use, ids, ttl_ms)
};

/// Deletes rows whose units are all free again.
struct grants_drop {
  uint32_t app_id = 0;
  std::vector<std::pair<uint64_t, uint64_t>> grants; ///< epoch, seq
  QRWELL_FIELDS(grants_drop, app_id, grants)
};

/// Asks whether one grant's row is there, after an open of unknown outcome.
struct grant_find {
  uint32_t app_id = 0;
  uint64_t epoch = 0, seq = 0;
  QRWELL_FIELDS(grant_find, app_id, epoch, seq)
};

struct grant_found {
  bool present = false;
  QRWELL_FIELDS(grant_found, present)
};

} // namespace qrwell
