#include "runtime/codes/target_fields.hpp"

#include "runtime/codes/query_text.hpp"
#include "runtime/http/json.hpp"

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

} // namespace

caf::expected<std::string> read_path(const json::value& v, const target_limits& limits) {
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
  return std::string(path);
}

caf::expected<std::string> read_query_field(const json::value& v, const target_limits& limits) {
  if (v.is_null()) return std::string();
  auto forms = read_query(v, limits.query_bytes_max);
  if (!forms) return std::move(forms.error());
  return std::move(forms->as_sent);
}

caf::expected<std::string> read_tags(const json::value& v, const target_limits& limits) {
  if (v.is_null()) return std::string();
  auto* tags = v.if_array();
  if (!tags) return wrong("tags: must be an array of strings.");
  if (tags->size() > limits.tags_max)
    return wrong("tags: has " + std::to_string(tags->size()) + " tags; at most " + std::to_string(limits.tags_max) +
                 " are allowed.");
  std::string out = "[";
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
    if (i > 0) out += ',';
    append_json_string(out, view_of(*tag));
  }
  out += ']';
  return out;
}

caf::expected<int64_t> read_expires_at(const json::value& v, int64_t wall_ms) {
  if (v.is_null()) return 0;
  auto* text = v.if_string();
  if (!text) return wrong("expires_at: must be a time as RFC 3339 writes it, e.g. \"2026-12-31T23:59:59Z\".");
  auto at = http::parse_time(view_of(*text));
  if (!at) return wrong("expires_at: must be a time as RFC 3339 writes it, e.g. \"2026-12-31T23:59:59Z\".");
  if (*at <= wall_ms) return wrong("expires_at: must be in the future; here it is " + http::format_time(wall_ms) + ".");
  return *at;
}

caf::expected<uint32_t> read_expires_in(const json::value& v) {
  if (v.is_null()) return 0;
  int64_t seconds = 0;
  if (auto* i = v.if_int64()) seconds = *i;
  if (seconds < 1 || seconds > expires_in_s_max)
    return wrong("expires_in: must be whole seconds, 1 to " + std::to_string(expires_in_s_max) + ".");
  return static_cast<uint32_t>(seconds);
}

} // namespace qrwell
