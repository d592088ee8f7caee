#include "runtime/codes/scene_json.hpp"

#include "runtime/codes/query_text.hpp"

namespace qrwell {

std::string scene_json(const scene& found) {
  std::string out = "{\"id\":\"" + found.id + "\",\"path\":"; // [-0-9A-Z_a-z]
  append_json_string(out, found.path);
  out += ",\"query\":";
  out += found.query.empty() ? "null" : found.query;
  out += ",\"url\":";
  append_json_string(out, target_url(found.path, found.query));
  out += ",\"version\":" + std::to_string(found.version) + "}";
  return out;
}

} // namespace qrwell
