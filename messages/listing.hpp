#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"

namespace qrwell {

/// Which codes a list shows; `any` means bound, revoked and expired.
enum class list_state : uint8_t { any, bound, expired, revoked };

/// A page of codes, the newest first: by the time they were bound, the expired ones by the time they ended. Bounded
/// work: a page may hold fewer codes than asked for, even none, and still have a next one.
struct code_list {
  std::string owner;              ///< empty: all owners (an admin)
  std::vector<std::string> pools; ///< empty: all
  std::string tag;                ///< empty: any
  list_state state = list_state::any;
  int64_t from_ms = 0, to_ms = 0; ///< bound at or after, and before; 0: open
  uint32_t limit = 100;
  int64_t after_ms = 0; ///< cursor: the time and id of the last row looked at; empty id: from the beginning
  std::string after_id;
  QRWELL_FIELDS(code_list, owner, pools, tag, state, from_ms, to_ms, limit, after_ms, after_id)
};

struct code_page {
  std::vector<code_view> codes;
  bool more = false; ///< there may be more, after this place
  int64_t after_ms = 0;
  std::string after_id;
  int64_t now_ms = 0;
  QRWELL_FIELDS(code_page, codes, more, after_ms, after_id, now_ms)
};

/// What `GET /v1/stats` groups by.
constexpr uint8_t stats_by_pool = 1, stats_by_owner = 2, stats_by_tag = 4, stats_by_launch = 8, stats_by_hour = 16,
                  stats_by_day = 32;

/// Issued and scanned in whole hours: from the one that holds `from_ms` to the one that holds the last millisecond
/// before `to_ms`.
struct stats_query {
  std::string owner;              ///< empty: all owners
  std::vector<std::string> pools; ///< empty: all
  std::string tag;                ///< empty: any
  int64_t from_ms = 0, to_ms = 0;
  uint8_t by = 0; ///< stats_by_*; 0: one row of totals
  uint32_t rows_max = 1'000;
  QRWELL_FIELDS(stats_query, owner, pools, tag, from_ms, to_ms, by, rows_max)
};

struct stats_row {
  int64_t at_ms = 0; ///< begin of the hour or day; 0: not grouped by time
  std::string pool, owner, tag;
  uint32_t launch = 0;
  uint64_t issued = 0, scanned = 0;
  QRWELL_FIELDS(stats_row, at_ms, pool, owner, tag, launch, issued, scanned)
};

struct stats_rows {
  std::vector<stats_row> rows;
  bool cut = false; ///< there are more than rows_max
  QRWELL_FIELDS(stats_rows, rows, cut)
};

/// What was done by operators and keys' owners, the newest first.
struct audit_query {
  int64_t before_ms = 0; ///< 0: now
  uint32_t limit = 100;
  QRWELL_FIELDS(audit_query, before_ms, limit)
};

struct audit_entry {
  int64_t at_ms = 0;
  std::string node, actor, action, doc;
  QRWELL_FIELDS(audit_entry, at_ms, node, actor, action, doc)
};

/// Writes down what somebody is about to do that leaves no other row in the store.
struct audit_put {
  std::string actor, action, doc; ///< doc: JSON
  QRWELL_FIELDS(audit_put, actor, action, doc)
};

struct audit_entries {
  std::vector<audit_entry> entries;
  QRWELL_FIELDS(audit_entries, entries)
};

} // namespace qrwell
