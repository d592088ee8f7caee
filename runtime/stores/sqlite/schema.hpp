#pragma once

#include "runtime/stores/sqlite/statement.hpp"

#include <span>

namespace qrwell::sqlite {

/// A step from schema `to - 1` to `to`.
struct migration {
  uint32_t to;
  const char* text;
  const sql* only_if = nullptr; ///< a count: with 0 the file has what the step brings, and only its number is raised
};

/// All steps there are, oldest first, without a gap. Released steps are never edited.
std::span<const migration> migrations();

/// The schema's number in the file, 0 for an empty one; throws refusal.
uint32_t schema_of(connection& db);

/// Takes all steps on an empty database, without a transaction.
void build_schema(connection& empty, std::span<const migration> steps);

/// Brings the file to the last of `steps`, each step in a transaction, after a copy `<file>.schema<old>` when it is not
/// empty. Throws refusal: conflict when the file's schema is newer than the last step, older than the first, or not
/// what its number says.
void migrate(connection& db, std::span<const migration> steps, const std::string& cluster_name);

} // namespace qrwell::sqlite
