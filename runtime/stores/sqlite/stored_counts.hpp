#pragma once

#include "runtime/stores/sqlite/statement.hpp"

namespace qrwell::sqlite {

/// What was issued or scanned of one owner, tag, pool and launch scene at one time. Without a tag it is everything of
/// the owner, with one what carries it.
struct counted {
  std::string_view owner, tag, pool;
  uint32_t launch = 0;
  std::string_view node; ///< that issued
  uint64_t issued = 0, scanned = 0;
};

/// Adds to all sums that statistics are read from: by hour and by day, of the owner and, under owner '', of all owners.
/// Within the transaction that issues or counts, so that sums are never ahead or behind. Throws refusal.
void add_counts(connection& db, const counted& what, int64_t now_ms);

} // namespace qrwell::sqlite
