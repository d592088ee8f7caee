#include "actors/admin_server/key_requests.hpp"

#include "runtime/codes/owner.hpp"
#include "runtime/http/json.hpp"

#include <boost/json/value.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr size_t list_entries_max = 64, prefix_bytes_max = 512;
constexpr uint64_t daily_codes_max = 1'000'000'000;

caf::error wrong(std::string_view field, std::string_view allowed) {
  return fail(ec::invalid_request, fmt::format("{}: must be {}", field, allowed));
}

caf::error read_list(const json::value& from, std::string_view field, std::vector<std::string>& out) {
  const auto* list = from.if_array();
  if (!list || list->size() > list_entries_max) return wrong(field, "an array of at most 64 strings");
  for (const auto& entry : *list) {
    if (!entry.is_string() || entry.get_string().empty() || entry.get_string().size() > prefix_bytes_max)
      return wrong(field, "an array of strings of 1 to 512 bytes");
    out.emplace_back(entry.get_string());
  }
  return {};
}

caf::error read_scopes(const json::value& from, uint8_t& out) {
  constexpr auto allowed = "a non-empty array out of issue, read, admin";
  const auto* list = from.if_array();
  if (!list || list->empty()) return wrong("scopes", allowed);
  for (const auto& entry : *list) {
    auto word = entry.is_string() ? std::string_view(entry.get_string()) : std::string_view();
    if (word == "issue")
      out |= scope_issue;
    else if (word == "read")
      out |= scope_read;
    else if (word == "admin")
      out |= scope_admin;
    else
      return wrong("scopes", allowed);
  }
  return {};
}

caf::error read_field(std::string_view name, const json::value& value, int64_t now_ms, api_key& key) {
  if (name == "name") {
    if (!value.is_string() || !is_key_name(std::string_view(value.get_string())))
      return wrong("name", "1 to 32 of a-z, 0-9 and '-'");
    key.name = std::string(value.get_string());
  } else if (name == "owner") {
    if (!value.is_string() || !is_owner(std::string_view(value.get_string())))
      return wrong("owner", fmt::format("a string of {}", owner_rule));
    key.owner = std::string(value.get_string());
  } else if (name == "scopes") {
    return read_scopes(value, key.scopes);
  } else if (name == "pools") {
    return read_list(value, "pools", key.pools);
  } else if (name == "paths") {
    return read_list(value, "paths", key.path_prefixes);
  } else if (name == "rate_per_s") {
    json::error_code err;
    key.rate_per_s = value.is_number() ? value.to_number<double>(err) : -1;
    if (err || key.rate_per_s < 0 || key.rate_per_s > 1e6)
      return wrong("rate_per_s", "a number of requests a second, 0 (no limit) to 1000000");
  } else if (name == "daily_codes") {
    json::error_code err;
    key.daily_codes = value.is_number() ? value.to_number<uint64_t>(err) : 0;
    if (err || !value.is_number() || key.daily_codes > daily_codes_max)
      return wrong("daily_codes", "a whole number of codes a day (UTC), 0 (no limit) to 1000000000");
  } else if (name == "priority") {
    auto word = value.is_string() ? std::string_view(value.get_string()) : std::string_view();
    if (word != "core" && word != "normal" && word != "bulk") return wrong("priority", "core, normal or bulk");
    key.priority = word == "core" ? key_priority::core : word == "bulk" ? key_priority::bulk : key_priority::normal;
  } else if (name == "expires_at") {
    if (!value.is_string()) return wrong("expires_at", "a time like 2027-01-01T00:00:00Z");
    auto time = http::parse_time(std::string_view(value.get_string()));
    if (!time) return wrong("expires_at", "a time like 2027-01-01T00:00:00Z");
    if (*time <= now_ms) return wrong("expires_at", "in the future");
    key.expires_ms = *time;
  } else {
    return fail(ec::invalid_request, fmt::format("{}: not a field of a key; allowed: name, owner, scopes, pools, "
                                                 "paths, rate_per_s, daily_codes, priority, expires_at",
                                                 name));
  }
  return {};
}

caf::error check_pools(const std::vector<std::string>& asked, const std::vector<std::string>& known) {
  for (const auto& pool : asked)
    if (std::find(known.begin(), known.end(), pool) == known.end())
      return fail(ec::invalid_request,
                  fmt::format("pools: there is no pool '{}'; there are: {} (a pool that was added to the configuration "
                              "is known to a running node after its next start)",
                              pool, fmt::join(known, ", ")));
  return {};
}

} // namespace

caf::expected<new_key> read_new_key(std::string_view body, const std::vector<std::string>& pools, int64_t now_ms) {
  auto parsed = http::parse_json(body);
  if (!parsed) return std::move(parsed.error());
  const auto* object = parsed->if_object();
  if (!object) return fail(ec::invalid_request, "the body must be a JSON object");
  new_key out;
  for (const auto& [name, value] : *object)
    if (auto err = read_field(std::string_view(name), value, now_ms, out.row)) return err;
  if (out.row.name.empty()) return wrong("name", "given: 1 to 32 of a-z, 0-9 and '-'");
  if (out.row.scopes == 0) return wrong("scopes", "given: a non-empty array out of issue, read, admin");
  if (out.row.owner.empty()) out.row.owner = out.row.name;
  if (auto err = check_pools(out.row.pools, pools)) return err;
  auto minted = mint_key(out.row.name);
  if (!minted) return std::move(minted.error());
  out.row.hash = minted->hash;
  out.text = std::move(minted->text);
  return out;
}

caf::expected<key_rotation> read_key_rotation(std::string_view body, const std::string& name) {
  key_rotation out;
  out.row.name = name;
  out.row.overlap_s = overlap_s_default;
  if (!body.empty()) {
    auto parsed = http::parse_json(body);
    if (!parsed) return std::move(parsed.error());
    const auto* object = parsed->if_object();
    if (!object) return fail(ec::invalid_request, "the body must be a JSON object, or absent");
    for (const auto& [field, value] : *object) {
      if (field != "overlap")
        return fail(ec::invalid_request,
                    fmt::format("{}: not a field of this call; allowed: overlap", std::string_view(field)));
      json::error_code err;
      auto seconds = value.is_number() ? value.to_number<uint32_t>(err) : overlap_s_max + 1;
      if (err || seconds > overlap_s_max)
        return wrong("overlap", fmt::format("a whole number of seconds from 0 to {} (30 days)", overlap_s_max));
      out.row.overlap_s = seconds;
    }
  }
  if (!is_key_name(name)) return fail(ec::not_found, "there is no key of this name");
  auto minted = mint_key(name);
  if (!minted) return std::move(minted.error());
  out.row.hash = minted->hash;
  out.text = std::move(minted->text);
  return out;
}

} // namespace qrwell
