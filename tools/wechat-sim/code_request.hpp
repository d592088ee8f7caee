#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace qrwell::sim {

struct rgb {
  uint8_t r = 0;
  uint8_t g = 0;
  uint8_t b = 0;
  bool operator==(const rgb&) const = default;
};

/// The body of POST /wxa/getwxacodeunlimit, with WeChat's defaults.
struct code_request {
  std::string scene;
  std::string page;
  bool check_path = true;
  bool auto_color = false;
  bool is_hyaline = false;
  int width = 430;
  rgb line_color;
};

/// Parses and checks a body in WeChat's order: form 47001, scene length 40169, scene characters 40129, arguments 40097,
/// scancode_time 85096, form of the page 41030. Returns the request or the error code.
/// A width outside 280..1280 is moved to the nearest end, as nothing documents what WeChat does with it.
std::variant<code_request, int> parse_code_request(std::string_view body);

} // namespace qrwell::sim
