#pragma once

#include <string>
#include <string_view>

#include "tools/wechat-sim/code_art.hpp"

namespace qrwell::sim {

/// The transparent PNGs of all scenes of one width. Every dash has its own two entries in the palette, so the
/// compressed pixels are the same for all scenes and colours and only the palette is written per picture.
class png_plate {
public:
  explicit png_plate(const code_art& art);

  /// A whole PNG (8-bit palette with alpha) with a tEXt chunk `scene` = `scene`.
  std::string print(const dash_bits& dashes, rgb line, rgb logo, std::string_view scene) const;

private:
  std::string head_; // signature and IHDR
  std::string data_; // IDAT and IEND
};

} // namespace qrwell::sim
