#include "runtime/stores/sqlite/schema_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace qrwell::sqlite {
namespace {

constexpr size_t told_max = 5;

constexpr sql all_parts{"schema_parts", "SELECT type, name, tbl_name, sql FROM sqlite_schema "
                                        "WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_'"};
constexpr sql columns_of{"schema_columns", "SELECT name FROM pragma_table_xinfo(?)"};

struct part {
  std::string type, table, text;
};

// Comments and white space are not schema: how a table was declared is compared, not how it was written down.
std::string without_layout(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "--") i = std::min(text.find('\n', i), text.size() - 1);
    if (std::string_view(" \t\r\n").find(text[i]) == std::string_view::npos)
      out += text[i];
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

std::map<std::string, part> parts_of(connection& db) {
  std::map<std::string, part> out;
  auto rows = db.use(all_parts);
  while (rows.step()) out[rows.text(1)] = {rows.text(0), rows.text(2), without_layout(rows.view(3))};
  return out;
}

std::set<std::string> columns(connection& db, const std::string& table) {
  std::set<std::string> out;
  auto rows = db.use(columns_of);
  rows.arg(table);
  while (rows.step()) out.insert(rows.text(0));
  return out;
}

std::vector<std::string> only_in(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

std::string difference(const std::string& table, const std::set<std::string>& have,
                       const std::set<std::string>& wanted) {
  auto lacks = only_in(wanted, have), has = only_in(have, wanted);
  if (lacks.empty() && has.empty()) return fmt::format("table {} is declared otherwise", table);
  auto out = fmt::format("table {}", table);
  if (!lacks.empty()) out += fmt::format(" lacks the column {}", fmt::join(lacks, ", "));
  if (!has.empty())
    out += fmt::format("{} has the unknown column {}", lacks.empty() ? "" : " and", fmt::join(has, ", "));
  return out;
}

} // namespace

std::vector<std::string> schema_differences(connection& db, std::span<const migration> steps) {
  auto model = connection::open(":memory:", access::memory, 0, 100);
  if (!model) throw refusal{model.error()};
  build_schema(**model, steps);
  auto wanted = parts_of(**model), have = parts_of(db);
  std::vector<std::string> out;
  for (const auto& [name, want] : wanted) {
    auto found = have.find(name);
    if (found == have.end() || found->second.type != want.type)
      out.push_back(fmt::format("{} {} is missing", want.type, name));
    else if (found->second.text != want.text)
      out.push_back(want.type == "table" ? difference(name, columns(db, name), columns(**model, name))
                                         : fmt::format("{} {} is declared otherwise", want.type, name));
  }
  for (const auto& [name, found] : have)
    if (!wanted.contains(name) && found.type != "table" && wanted.contains(found.table))
      out.push_back(fmt::format("{} {} on table {} is unknown", found.type, name, found.table));
  return out;
}

void check_schema(connection& db, std::span<const migration> steps) {
  auto found = schema_differences(db, steps);
  if (found.empty()) return;
  auto more = found.size() > told_max ? fmt::format("; and {} more", found.size() - told_max) : std::string{};
  found.resize(std::min(found.size(), told_max));
  throw refusal{
      fail(ec::conflict,
           fmt::format("store {}: its tables are not those of schema {}, which this qrwell works with: {}{}. An "
                       "unreleased build made it, or somebody changed it by hand: undo that, start the qrwell that "
                       "made it, or restore a backup",
                       db.file(), steps.back().to, fmt::join(found, "; "), more))};
}

} // namespace qrwell::sqlite
