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

/// What WeChat's documents leave open.
struct code_request_rules {
  /// For a body that is no JSON object, or has a field of a wrong type: 47001 or 40169.
  int bad_body_code = 47001;
  /// For a width outside 280..1280; 0: it is moved to the nearest end.
  int bad_width_code = 0;
};

/// Parses and checks a body in WeChat's order: form, scene length 40169, scene characters 40129, arguments 40097,
/// scancode_time 85096, form of the page 41030. Returns the request or the error code.
std::variant<code_request, int> parse_code_request(std::string_view body, code_request_rules rules = {});

} // namespace qrwell::sim
