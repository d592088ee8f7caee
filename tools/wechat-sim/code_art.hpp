#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/wechat-sim/code_request.hpp"

namespace qrwell::sim {

/// A simulated code has 36 rays of 3 dashes; each dash is there or not.
constexpr std::size_t rays = 36;
constexpr std::size_t dashes_per_ray = 3;
constexpr std::size_t dash_count = rays * dashes_per_ray;
using dash_bits = std::bitset<dash_count>;

/// The dashes of a scene: bits of a SHA-256, so that two scenes never look alike.
dash_bits dashes_of(std::string_view appid, std::string_view page, std::string_view scene);

/// What a pixel shows when it shows no dash.
enum class ink : uint8_t { none, line, logo, glyph };

struct art_pixel {
  static constexpr uint8_t no_dash = 255;
  uint8_t dash = no_dash; // at most one dash touches a pixel
  uint8_t dash_cover = 0; // 0..255
  ink over = ink::none;   // drawn over the dash; a glyph lies on the opaque logo
  uint8_t over_cover = 0;
};

/// The drawing that all codes of one width share. Pixels outside the picture are empty.
class code_art {
public:
  explicit code_art(int width);
  int width() const { return width_; }
  art_pixel at(int x, int y) const;

private:
  int width_;
  std::vector<art_pixel> pixels_;
};

/// The colour of the disc in the middle, and of the lines with auto_color: WeChat takes it from the app's logo.
rgb logo_colour(std::string_view appid);

} // namespace qrwell::sim
