#include "actors/code_server/change_request.hpp"

#include "runtime/http/json.hpp"
#include "runtime/http/words.hpp"
#include "runtime/keys/key_ring.hpp"

#include <charconv>

namespace qrwell {
namespace {

namespace json = boost::json;

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

/// Takes a value over, or its error.
template <class T>
caf::error take(T& into, caf::expected<T> value) {
  if (!value) return std::move(value.error());
  into = std::move(*value);
  return caf::none;
}

caf::error read_member(code_change& out, std::string_view name, const json::value& v, int64_t wall_ms,
                       const target_limits& limits) {
  if (name == "path") {
    out.set_target_path = true;
    return take(out.path, read_path(v, limits));
  }
  if (name == "query") {
    out.set_query = true;
    return take(out.query, read_query_field(v, limits));
  }
  if (name == "tags") {
    out.set_tags = true;
    return take(out.tags, read_tags(v, limits));
  }
  if (name == "expires_at") {
    out.set_expiry = true;
    return take(out.expires_ms, read_expires_at(v, wall_ms));
  }
  if (name == "expires_in") {
    out.set_expiry = true;
    return take(out.expires_after_s, read_expires_in(v));
  }
  return wrong("'" + std::string(name.substr(0, 64)) +
               "' is not a field that can be changed; these are path, query, tags, expires_at and expires_in.");
}

caf::error read_body(code_change& out, std::string_view body, int64_t wall_ms, const target_limits& limits) {
  auto value = http::parse_json(body);
  if (!value) return std::move(value.error());
  auto* members = value->if_object();
  if (!members || members->empty())
    return wrong("The body must be a JSON object with what to change, e.g. {\"path\": \"pages/house/detail\"}; null "
                 "takes a field away.");
  if (members->contains("expires_at") && members->contains("expires_in"))
    return wrong("expires_at and expires_in exclude each other; send one of them.");
  for (const auto& member : *members)
    if (auto err = read_member(out, {member.key().data(), member.key().size()}, member.value(), wall_ms, limits))
      return err;
  return caf::none;
}

} // namespace

caf::expected<std::vector<uint32_t>> read_if_match(std::string_view field) {
  std::vector<uint32_t> out;
  if (field.empty() || http::trim(field) == "*") return out;
  while (!field.empty()) {
    auto comma = std::min(field.find(','), field.size());
    auto tag = http::trim(field.substr(0, comma));
    field.remove_prefix(std::min(comma + 1, field.size()));
    if (tag.empty()) continue;
    // A weak tag never matches (RFC 9110, 13.1.1: strong comparison), and neither does what is no version.
    uint32_t version = 0;
    auto quoted = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"';
    if (!quoted && !tag.starts_with("W/\""))
      return wrong("If-Match: must be the ETag of the code, in its quotes, e.g. \"3\", or *.");
    if (quoted) {
      auto text = tag.substr(1, tag.size() - 2);
      auto read = std::from_chars(text.data(), text.data() + text.size(), version);
      if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) version = 0;
    }
    out.push_back(version);
  }
  if (out.empty()) return wrong("If-Match: must be the ETag of the code, in its quotes, e.g. \"3\", or *.");
  return out;
}

caf::expected<code_change> read_change(const http_request& request, const std::string& id, const api_key& key,
                                       int64_t wall_ms, const target_limits& limits) {
  code_change out;
  out.id = id;
  out.actor = "key:" + key.name;
  out.request_id = request.request_id;
  if (!is_admin(key)) {
    out.owner = key.owner;
    out.pools = key.pools;
    out.path_prefixes = key.path_prefixes;
  } else {
    out.actor_owner = key.owner;
  }
  if (auto err = take(out.versions, read_if_match(request.if_match))) return err;
  if (request.method == http_method::del) {
    out.revoke = true;
    return out;
  }
  if (auto err = read_body(out, request.body, wall_ms, limits)) return err;
  return out;
}

} // namespace qrwell
