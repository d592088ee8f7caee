#include "runtime/codes/issue_request.hpp"

#include "runtime/http/json.hpp"
#include "runtime/http/words.hpp"
#include "runtime/ids/hash.hpp"

#include <algorithm>

namespace qrwell {
namespace {

namespace json = boost::json;

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

std::string_view view_of(const json::string& s) {
  return {s.data(), s.size()};
}

caf::error read_pool(issue_request& out, const json::value& v) {
  auto* text = v.if_string();
  if (!text || text->empty()) return wrong("pool: must be the name of a pool, or left out.");
  out.pool = view_of(*text);
  return caf::none;
}

caf::error read_on_empty(issue_request& out, const json::value& v) {
  if (v.is_null()) return caf::none;
  auto* rungs = v.if_array();
  if (!rungs) return wrong("on_empty: must be an array of \"live\" and \"link\".");
  uint8_t found = 0;
  for (const auto& rung : *rungs) {
    auto* word = rung.if_string();
    uint8_t bit = word && *word == "live" ? rung_live : word && *word == "link" ? rung_link : 0;
    if (bit == 0) return wrong("on_empty: must be an array of \"live\" and \"link\".");
    if ((found & bit) != 0)
      return wrong("on_empty: \"" + std::string(view_of(*word)) + "\" comes twice; send it once.");
    found |= bit;
  }
  out.on_empty = found;
  return caf::none;
}

/// Takes a value over, or its error.
template <class T>
caf::error take(T& into, caf::expected<T> value) {
  if (!value) return std::move(value.error());
  into = std::move(*value);
  return caf::none;
}

caf::error read_member(issue_request& out, std::string_view name, const json::value& v, int64_t wall_ms,
                       const target_limits& limits) {
  if (name == "path") return take(out.path, read_path(v, limits));
  if (name == "query") return take(out.query, read_query_field(v, limits));
  if (name == "pool") return read_pool(out, v);
  if (name == "tags") return take(out.tags, read_tags(v, limits));
  if (name == "expires_at") return take(out.expires_ms, read_expires_at(v, wall_ms));
  if (name == "expires_in") return take(out.expires_after_s, read_expires_in(v));
  if (name == "on_empty") return read_on_empty(out, v);
  if (name == "reuse") {
    if (!v.is_null() && !v.is_bool()) return wrong("reuse: must be true or false.");
    out.reuse_hash.front() = v.is_bool() && v.get_bool() ? 1 : 0; // until the whole is known
    return caf::none;
  }
  return wrong("'" + std::string(name.substr(0, 64)) +
               "' is not a field of this call; the fields are path, pool, query, tags, expires_at, expires_in, "
               "on_empty and reuse.");
}

/// One for each target: a path holds no line break, and JCS writes equal queries alike.
digest target_hash(std::string_view path, const json::value* query) {
  return sha256(std::string(path) + '\n' + (query ? http::canonical_json(*query) : "null"));
}

} // namespace

caf::expected<issue_request> read_issue(std::string_view body, int64_t wall_ms, bool with_hash,
                                        json::storage_ptr memory, const target_limits& limits) {
  if (body.empty())
    return wrong("The body is empty; send a JSON object with its length, e.g. {\"path\": \"pages/house/detail\"}.");
  auto value = http::parse_json(body, std::move(memory));
  if (!value) return std::move(value.error());
  return read_issue(*value, wall_ms, with_hash, limits);
}

caf::expected<issue_request> read_issue(const json::value& body, int64_t wall_ms, bool with_hash,
                                        const target_limits& limits) {
  auto* members = body.if_object();
  if (!members) return wrong("The body must be a JSON object, e.g. {\"path\": \"pages/house/detail\"}.");
  issue_request out;
  for (const auto& member : *members)
    if (auto err = read_member(out, {member.key().data(), member.key().size()}, member.value(), wall_ms, limits))
      return err;
  if (out.path.empty()) return wrong("path: is missing; send the page to open, e.g. \"pages/house/detail\".");
  if (out.expires_ms != 0 && out.expires_after_s != 0)
    return wrong("expires_at and expires_in exclude each other; send one of them.");
  if (out.reuse_hash != digest{}) out.reuse_hash = target_hash(out.path, members->if_contains("query"));
  if (with_hash) out.body_hash = sha256(http::canonical_json(body));
  return out;
}

caf::error check_on_empty(std::optional<uint8_t> wanted, std::string_view pool, uint8_t allowed) {
  auto refused = static_cast<uint8_t>(wanted.value_or(0) & ~allowed);
  if (refused == 0) return caf::none;
  auto name_of = [](uint8_t rung) { return std::string(rung == rung_live ? "\"live\"" : "\"link\""); };
  std::string list;
  for (auto rung : {rung_live, rung_link})
    if ((allowed & rung) != 0) list += (list.empty() ? "" : ", ") + name_of(rung);
  return wrong("on_empty: " + name_of((refused & rung_live) != 0 ? rung_live : rung_link) +
               " is not in the list of pool '" + std::string(pool) + "', which is [" + list +
               "]; send a part of it, [] for nothing, or leave on_empty out for all of it.");
}

caf::error check_idempotency_key(std::string_view key) {
  auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  std::string what;
  if (key.empty() || key.size() > idempotency_key_bytes_max)
    what = std::to_string(key.size()) + " characters";
  else if (!std::all_of(key.begin(), key.end(), visible))
    what = "a space or a character that is not visible ASCII";
  else
    return caf::none;
  return wrong("Idempotency-Key: has " + what + "; 1 to 128 visible ASCII characters without spaces are allowed.");
}

wanted_form wanted_by(std::string_view accept) noexcept {
  while (!accept.empty()) {
    auto end = accept.find(',');
    auto range = accept.substr(0, end);
    accept = end == accept.npos ? std::string_view{} : accept.substr(end + 1);
    auto parameters = range.find(';');
    auto type = http::trim(range.substr(0, parameters));
    if (parameters != range.npos) {
      auto weight = http::trim(range.substr(parameters + 1));
      if (weight == "q=0" || weight.starts_with("q=0.0")) continue;
    }
    if (http::same_word(type, "image/*")) return wanted_form::any_image;
    if (http::same_word(type, "image/jpeg")) return wanted_form::jpeg;
    if (http::same_word(type, "image/png")) return wanted_form::png;
    if (http::same_word(type, "application/json") || http::same_word(type, "application/*") || type == "*/*") break;
  }
  return wanted_form::json;
}

} // namespace qrwell
