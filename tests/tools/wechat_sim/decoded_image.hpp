#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell::sim::testing {

struct decoded_image {
  bool ok = false;
  int warnings = 0;
  int width = 0;
  int height = 0;
  /// RGB of a JPEG, RGBA of a PNG.
  std::vector<uint8_t> pixels;
  /// The COM segment, or the tEXt chunk `scene`.
  std::string text;
};

/// Both decode with the ordinary library, strictly: every warning is counted.
decoded_image decode_jpeg(std::string_view bytes);
decoded_image decode_png(std::string_view bytes);

} // namespace qrwell::sim::testing
