#include "tools/wechat-sim/code_request.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr int bad_scene_length = 40169;
constexpr int bad_scene = 40129;
constexpr int bad_args = 40097;
constexpr int reserved_field = 85096;
constexpr int bad_page = 41030;

constexpr std::size_t scene_chars_max = 32;
constexpr std::size_t page_bytes_max = 1024;
constexpr double width_min = 280;
constexpr double width_max = 1280;

bool is_scene_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c != '\0' && std::string_view{"!#$&'()*+,/:;=?@-._~"}.find(c) != std::string_view::npos);
}

std::size_t utf8_chars(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Reads an optional field; false if it is there with another type.
bool read(const json::object& body, std::string_view name, std::string& out) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_string()) return false;
  out = std::string{value->get_string()};
  return true;
}

bool read(const json::object& body, std::string_view name, bool& out) {
  const auto* value = body.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_bool()) return false;
  out = value->get_bool();
  return true;
}

bool read_width(const json::object& body, int& out, bool& in_range) {
  const auto* value = body.if_contains("width");
  if (value == nullptr) return true;
  if (!value->is_number()) return false;
  auto width = value->to_number<double>();
  in_range = width >= width_min && width <= width_max;
  out = static_cast<int>(std::clamp(width, width_min, width_max));
  return true;
}

/// WeChat's own example gives the parts as strings, and client libraries send both.
bool read_colour_part(const json::object& colour, std::string_view name, uint8_t& out) {
  const auto* value = colour.if_contains(name);
  if (value == nullptr) return true;
  int64_t number = -1;
  if (value->is_string()) {
    const auto& text = value->get_string();
    auto end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return false;
  } else if (value->is_int64()) {
    number = value->get_int64();
  }
  if (number < 0 || number > 255) return false;
  out = static_cast<uint8_t>(number);
  return true;
}

bool read_colour(const json::object& body, rgb& out) {
  const auto* value = body.if_contains("line_color");
  if (value == nullptr) return true;
  if (!value->is_object()) return false;
  const auto& colour = value->get_object();
  return read_colour_part(colour, "r", out.r) && read_colour_part(colour, "g", out.g) &&
         read_colour_part(colour, "b", out.b);
}

} // namespace

std::variant<code_request, int> parse_code_request(std::string_view body, code_request_rules rules) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  auto parsed = json::parse(body, error, {}, options);
  if (error || !parsed.is_object()) return rules.bad_body_code;
  const auto& fields = parsed.get_object();
  code_request request;
  std::string env_version = "release";
  bool in_range = true;
  if (!read(fields, "scene", request.scene) || !read(fields, "page", request.page) ||
      !read(fields, "check_path", request.check_path) || !read(fields, "auto_color", request.auto_color) ||
      !read(fields, "is_hyaline", request.is_hyaline) || !read(fields, "env_version", env_version) ||
      !read_width(fields, request.width, in_range))
    return rules.bad_body_code;
  if (request.scene.empty() || utf8_chars(request.scene) > scene_chars_max) return bad_scene_length;
  if (!std::all_of(request.scene.begin(), request.scene.end(), is_scene_char)) return bad_scene;
  if (!in_range && rules.bad_width_code != 0) return rules.bad_width_code;
  if (!read_colour(fields, request.line_color)) return bad_args;
  if (env_version != "release" && env_version != "trial" && env_version != "develop") return bad_args;
  if (request.page.find("scancode_time") != std::string::npos) return reserved_field;
  if (request.page.size() > page_bytes_max || request.page.starts_with('/') ||
      request.page.find('?') != std::string::npos)
    return bad_page;
  // Pages of trial and develop versions are not released, and WeChat does not look for them among the released ones.
  if (env_version != "release") request.check_path = false;
  return request;
}

} // namespace qrwell::sim
