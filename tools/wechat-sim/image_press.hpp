#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "tools/wechat-sim/code_art.hpp"
#include "tools/wechat-sim/code_request.hpp"
#include "tools/wechat-sim/jpeg_plate.hpp"
#include "tools/wechat-sim/png_plate.hpp"

namespace qrwell::sim {

/// Prints the pictures of codes. Plates are made at the first use of a width and colour (tens of milliseconds) and the
/// last few are kept. The same request gives the same bytes; WeChat promises neither that nor the opposite.
class image_press {
public:
  static constexpr std::size_t plates_max = 8;

  /// `jpeg_quality` 1..100; WeChat's own pictures seem to be 100, which at 430 px costs two and a half times the bytes of 80.
  explicit image_press(int jpeg_quality)
      : jpeg_quality_(jpeg_quality) {}

  /// A JPEG, or a transparent PNG with is_hyaline, that carries the scene in its pixels and in its metadata
  /// (COM `scene=...`, tEXt `scene`).
  std::string print(std::string_view appid, const code_request& request);

private:
  struct plate {
    int width;
    bool hyaline;
    rgb line;
    rgb logo;
    std::unique_ptr<jpeg_plate> jpeg;
    std::unique_ptr<png_plate> png;
  };

  const plate& plate_for(int width, bool hyaline, rgb line, rgb logo);

  int jpeg_quality_;
  std::list<plate> plates_; // the one used last comes first
};

} // namespace qrwell::sim
