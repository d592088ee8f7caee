#include "actors/admin_server/audit_views.hpp"

#include "runtime/http/json.hpp"
#include "runtime/http/params.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr uint32_t entries_max = 500;

} // namespace

caf::expected<audit_query> read_audit_query(const http::target& target) {
  if (auto err = http::check_params(target, {"limit", "before"})) return err;
  audit_query out;
  auto limit = http::read_limit(target, out.limit, entries_max);
  if (!limit) return std::move(limit.error());
  auto before = http::read_time(target, "before", 0);
  if (!before) return std::move(before.error());
  out.limit = *limit;
  out.before_ms = *before;
  return out;
}

json::object audit_json(const audit_entries& found) {
  json::array entries;
  for (const auto& entry : found.entries) {
    boost::system::error_code bad;
    auto doc = json::parse(entry.doc, bad);
    entries.push_back(json::object{{"at", http::format_time(entry.at_ms)},
                                   {"actor", entry.actor},
                                   {"action", entry.action},
                                   {"doc", bad ? json::value(entry.doc) : std::move(doc)}});
  }
  return {{"entries", std::move(entries)}};
}

} // namespace qrwell
