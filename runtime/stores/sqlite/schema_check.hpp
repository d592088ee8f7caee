#pragma once

#include "runtime/stores/sqlite/schema.hpp"

#include <string>
#include <vector>

namespace qrwell::sqlite {

/// What the tables, indexes and triggers of `db` have other than what `steps` make, in words. Tables of others in the
/// same file (a tool for backups has some) are theirs.
std::vector<std::string> schema_differences(connection& db, std::span<const migration> steps);

/// Throws refusal, conflict, that names the differences: a number alone says little of a file that an unreleased build
/// made or a hand changed, and it would fail at the first request that needs what is missing.
void check_schema(connection& db, std::span<const migration> steps);

} // namespace qrwell::sqlite
