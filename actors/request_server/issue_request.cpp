#include "actors/request_server/issue_request.hpp"

#include "runtime/codes/query_text.hpp"
#include "runtime/http/json.hpp"
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

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

caf::error read_pool(issue_request& out, const json::value& v) {
  auto* text = v.if_string();
  if (!text || text->empty()) return wrong("pool: must be the name of a pool, or left out.");
  out.pool = view_of(*text);
  return caf::none;
}

caf::error read_path(issue_request& out, const json::value& v, const target_limits& limits) {
  auto* text = v.if_string();
  if (!text) return wrong("path: must be a string, the page to open, e.g. \"pages/house/detail\".");
  auto path = view_of(*text);
  if (path.empty() || path.size() > limits.path_bytes_max)
    return wrong("path: has " + std::to_string(path.size()) + " bytes; 1 to " + std::to_string(limits.path_bytes_max) +
                 " are allowed.");
  if (path.front() == '/') return wrong("path: leave out the '/' in front of it, as WeChat does.");
  if (path.find('?') != path.npos) return wrong("path: must have no '?'; parameters go into 'query'.");
  if (has_control(path)) return wrong("path: must have no control characters.");
  // It is the path of a page's file: what a navigation would read otherwise than it is written is refused.
  if (path.find_first_of("#%\\ ") != path.npos) return wrong("path: must have no '#', '%', '\\' or space.");
  for (size_t at = 0; at <= path.size();) {
    auto end = std::min(path.find('/', at), path.size());
    auto part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return wrong("path: must have no empty, '.' or '..' part.");
    at = end + 1;
  }
  out.path = path;
  return caf::none;
}

caf::error read_query_field(issue_request& out, const json::value& v, const target_limits& limits) {
  if (v.is_null()) return caf::none;
  auto forms = read_query(v, limits.query_bytes_max);
  if (!forms) return std::move(forms.error());
  out.query = std::move(forms->as_sent);
  return caf::none;
}

caf::error read_tags(issue_request& out, const json::value& v, const target_limits& limits) {
  if (v.is_null()) return caf::none;
  auto* tags = v.if_array();
  if (!tags) return wrong("tags: must be an array of strings.");
  if (tags->size() > limits.tags_max)
    return wrong("tags: has " + std::to_string(tags->size()) + " tags; at most " + std::to_string(limits.tags_max) +
                 " are allowed.");
  out.tags = "[";
  for (size_t i = 0; i < tags->size(); ++i) {
    auto* tag = (*tags)[i].if_string();
    auto name = "tags[" + std::to_string(i) + "]";
    if (!tag) return wrong(name + ": must be a string.");
    if (tag->empty() || tag->size() > limits.tag_bytes_max)
      return wrong(name + ": has " + std::to_string(tag->size()) + " bytes; 1 to " +
                   std::to_string(limits.tag_bytes_max) + " are allowed.");
    if (has_control(view_of(*tag))) return wrong(name + ": must have no control characters.");
    for (size_t j = 0; j < i; ++j)
      if ((*tags)[j] == (*tags)[i]) return wrong(name + ": comes twice; send each tag once.");
    if (i > 0) out.tags += ',';
    append_json_string(out.tags, view_of(*tag));
  }
  out.tags += ']';
  return caf::none;
}

caf::error read_expires_at(issue_request& out, const json::value& v, int64_t wall_ms) {
  if (v.is_null()) return caf::none;
  auto* text = v.if_string();
  if (!text) return wrong("expires_at: must be a time as RFC 3339 writes it, e.g. \"2026-12-31T23:59:59Z\".");
  auto at = http::parse_time(view_of(*text));
  if (!at) return wrong("expires_at: must be a time as RFC 3339 writes it, e.g. \"2026-12-31T23:59:59Z\".");
  if (*at <= wall_ms) return wrong("expires_at: must be in the future; here it is " + http::format_time(wall_ms) + ".");
  out.expires_ms = *at;
  return caf::none;
}

caf::error read_expires_in(issue_request& out, const json::value& v) {
  if (v.is_null()) return caf::none;
  int64_t seconds = 0;
  if (auto* i = v.if_int64()) seconds = *i;
  if (seconds < 1 || seconds > expires_in_s_max)
    return wrong("expires_in: must be whole seconds, 1 to " + std::to_string(expires_in_s_max) + ".");
  out.expires_after_s = static_cast<uint32_t>(seconds);
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

caf::error read_reuse(const json::value& v) {
  if (v.is_null()) return caf::none;
  if (!v.is_bool()) return wrong("reuse: must be true or false.");
  if (v.get_bool()) return wrong("reuse: true is not available in this version; leave it out or send false.");
  return caf::none;
}

caf::error read_member(issue_request& out, std::string_view name, const json::value& v, int64_t wall_ms,
                       const target_limits& limits) {
  if (name == "path") return read_path(out, v, limits);
  if (name == "query") return read_query_field(out, v, limits);
  if (name == "pool") return read_pool(out, v);
  if (name == "tags") return read_tags(out, v, limits);
  if (name == "expires_at") return read_expires_at(out, v, wall_ms);
  if (name == "expires_in") return read_expires_in(out, v);
  if (name == "on_empty") return read_on_empty(out, v);
  if (name == "reuse") return read_reuse(v);
  return wrong("'" + std::string(name.substr(0, 64)) +
               "' is not a field of this call; the fields are path, pool, query, tags, expires_at, expires_in, "
               "on_empty and reuse.");
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

caf::expected<issue_request> read_issue(std::string_view body, int64_t wall_ms, bool with_hash,
                                        json::storage_ptr memory, const target_limits& limits) {
  if (body.empty())
    return wrong("The body is empty; send a JSON object with its length, e.g. {\"path\": \"pages/house/detail\"}.");
  auto value = http::parse_json(body, std::move(memory));
  if (!value) return std::move(value.error());
  auto* members = value->if_object();
  if (!members) return wrong("The body must be a JSON object, e.g. {\"path\": \"pages/house/detail\"}.");
  issue_request out;
  for (const auto& member : *members)
    if (auto err = read_member(out, {member.key().data(), member.key().size()}, member.value(), wall_ms, limits))
      return err;
  if (out.path.empty()) return wrong("path: is missing; send the page to open, e.g. \"pages/house/detail\".");
  if (out.expires_ms != 0 && out.expires_after_s != 0)
    return wrong("expires_at and expires_in exclude each other; send one of them.");
  if (with_hash) out.body_hash = sha256(http::canonical_json(*value));
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

bool is_json_type(std::string_view content_type) noexcept {
  auto type = trim(content_type.substr(0, content_type.find(';')));
  return same_word(type, "application/json") || (type.size() > 5 && same_word(type.substr(type.size() - 5), "+json"));
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
    auto type = trim(range.substr(0, parameters));
    if (parameters != range.npos) {
      auto weight = trim(range.substr(parameters + 1));
      if (weight == "q=0" || weight.starts_with("q=0.0")) continue;
    }
    if (same_word(type, "image/*")) return wanted_form::any_image;
    if (same_word(type, "image/jpeg")) return wanted_form::jpeg;
    if (same_word(type, "image/png")) return wanted_form::png;
    if (same_word(type, "application/json") || same_word(type, "application/*") || type == "*/*") break;
  }
  return wanted_form::json;
}

} // namespace qrwell
