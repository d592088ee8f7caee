#pragma once

#include "messages/common.hpp"
#include "messages/shared_list.hpp"
#include "messages/stock.hpp"

namespace qrwell {

enum class code_state : uint8_t { stocked = 1, bound = 2, revoked = 3, dead = 4 };
enum class code_kind : uint8_t { wxacode = 1, link = 2, imported = 3 };

/// What a code stands for and how it came to it: the part of its row that a client may see.
struct code_view {
  std::string id, pool;
  uint32_t gen_id = 0;
  code_kind kind = code_kind::wxacode;
  code_state state = code_state::stocked;
  uint32_t version = 0;
  std::string owner, path, query, tags; ///< query and tags: JSON, as sent
  int64_t bound_ms = 0, expires_ms = 0, changed_ms = 0, stocked_ms = 0, fetched_ms = 0;
  std::string image_format;
  uint32_t image_bytes = 0;
  digest image_sha{};
  std::string reason;      ///< of a dead code
  std::string link_prefix; ///< of a link code: what stands before its id
  QRWELL_FIELDS(code_view, id, pool, gen_id, kind, state, version, owner, path, query, tags, bound_ms, expires_ms,
                changed_ms, stocked_ms, fetched_ms, image_format, image_bytes, image_sha, reason, link_prefix)
};

/// One code from the shelf to one target, or a new link code. Ends in exactly one bind_result with the same ticket.
struct bind_request {
  uint64_t ticket = 0; ///< of the sender
  std::string id;
  std::string link_prefix; ///< not empty: a link code, made by this bind; no lot then
  uint64_t lot_no = 0;
  uint32_t gen_id = 0;
  nonce mark{};
  std::string pool, owner, path, query, tags;
  int64_t expires_ms = 0;       ///< 0: never
  uint32_t expires_after_s = 0; ///< not 0: by the store's clock at the commit, instead of expires_ms
  std::string idempotency_key;  ///< empty: none
  digest body_hash{};
  digest reuse_hash{}; ///< not zero: the owner's live code with the same target in this pool will do, if there is one
  uint32_t key_id = 0;
  uint64_t daily_codes_max = 0; ///< of the key; 0: no limit
  std::string actor, request_id;
  uint32_t remaining_ms = 0; ///< dropped before the commit when it is past, never after
  QRWELL_FIELDS(bind_request, ticket, id, link_prefix, lot_no, gen_id, mark, pool, owner, path, query, tags, expires_ms,
                expires_after_s, idempotency_key, body_hash, reuse_hash, key_id, daily_codes_max, actor, request_id,
                remaining_ms)
};

enum class bind_end : uint8_t {
  bound,       ///< committed and synced
  replay,      ///< the key had it already: `code` is what it got then, as it is now; the offered id is free again
  reused,      ///< a live code has this target: `code` is that one; the offered id is free again
  key_reused,  ///< the key had another body; the offered id is free again
  over_budget, ///< the key has had its codes of this day (UTC); the offered id is free again
  lost_race,   ///< the row was not `stocked` any more: take another id
  late,        ///< the deadline passed before the commit; the offered id is free again
  failed,      ///< the store refused or is away; the offered id is free again
  quarantined, ///< the outcome is unknown and stays so past the deadline; the id must not be used again
};

struct bind_result {
  uint64_t ticket = 0;
  bind_end end = bind_end::failed;
  code_view code; ///< of bound, replay and reused
  std::string detail;
  std::vector<bind_request> request = {}; ///< of lost_race, to whoever asked: the one that lost, for another id
  QRWELL_FIELDS(bind_result, ticket, end, code, detail, request)
};

/// Asks the persister to bind all of these; answered by bind_results, in any order and in as many messages as there are
/// groups.
struct bind_batch {
  std::vector<bind_request> requests;
  QRWELL_FIELDS(bind_batch, requests)
};

struct bind_results {
  std::vector<bind_result> results;
  QRWELL_FIELDS(bind_results, results)
};

/// The shelf wants `lots` more lots of a generation. Rides in the next group's transaction.
struct claim_request {
  std::string pool;
  uint32_t gen_id = 0, lots = 1;
  QRWELL_FIELDS(claim_request, pool, gen_id, lots)
};

/// What a claim brought: fewer lots than asked, or none, when no more are ready. `failed` says that the store was not
/// asked or did not answer.
struct claim_result {
  std::string pool;
  uint32_t gen_id = 0;
  std::vector<claimed_lot> lots;
  bool failed = false;
  QRWELL_FIELDS(claim_result, pool, gen_id, lots, failed)
};

/// Lots of which every code is resolved.
struct lots_done {
  std::vector<uint64_t> lots;
  QRWELL_FIELDS(lots_done, lots)
};

/// One transaction of the persister: at most 256 binds, and the claims and lot ends that wait. The persister keeps the
/// binds until it knows what became of them.
struct bind_group {
  std::string holder; ///< this incarnation
  shared_list<bind_request> binds;
  std::vector<claim_request> claims;
  std::vector<uint64_t> lots_done;
  QRWELL_FIELDS(bind_group, holder, binds, claims, lots_done)
};

struct bind_group_result {
  std::vector<bind_result> results; ///< in the order of the binds
  std::vector<claim_result> claims; ///< in the order of the claims
  QRWELL_FIELDS(bind_group_result, results, claims)
};

/// After an outcome_unknown: which of these attempts won? Answered in their order: bound, replay, key_reused or
/// lost_race, and `failed` for one that left no trace (the transaction did not happen).
struct bind_resolve {
  std::vector<bind_request> attempts;
  QRWELL_FIELDS(bind_resolve, attempts)
};

/// What did these get before? Asked where no code can be offered, so that a retry gets the same code though the stock
/// is empty. Answered in their order: replay, key_reused, reused, and `failed` for one that has had nothing.
struct bind_recall {
  std::vector<bind_request> requests;
  QRWELL_FIELDS(bind_recall, requests)
};

/// Image of a stocked code is not there: `WHERE state = stocked` it becomes dead.
struct codes_kill {
  std::vector<std::string> ids;
  std::string reason;
  QRWELL_FIELDS(codes_kill, ids, reason)
};

} // namespace qrwell
