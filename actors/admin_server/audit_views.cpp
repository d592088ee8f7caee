#include "actors/admin_server/audit_views.hpp"

#include "runtime/http/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr uint32_t entries_max = 500;

caf::error read_param(const std::string& name, std::string value, audit_query& out) {
  if (name == "limit") {
    auto read = std::from_chars(value.data(), value.data() + value.size(), out.limit);
    if (read.ec != std::errc{} || read.ptr != value.data() + value.size() || out.limit < 1 || out.limit > entries_max)
      return fail(ec::invalid_request, fmt::format("limit: must be a whole number from 1 to {}", entries_max));
    return caf::none;
  }
  if (name == "before") {
    std::replace(value.begin(), value.end(), ' ', '+'); // of an offset, not written as %2B
    auto time = http::parse_time(value);
    if (!time) return fail(ec::invalid_request, "before: " + sentence_of(time.error()));
    out.before_ms = *time;
    return caf::none;
  }
  return fail(ec::invalid_request,
              fmt::format("{}: not a parameter of this call; these are limit and before", name.substr(0, 64)));
}

} // namespace

caf::expected<audit_query> read_audit_query(const http::target& target) {
  audit_query out;
  for (const auto& [name, value] : target.params)
    if (auto err = read_param(name, value, out)) return err;
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
