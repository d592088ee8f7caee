#pragma once

#include "actors/pool_stocker/seen_images.hpp"

#include <string>
#include <string_view>

namespace qrwell {

struct image_check_config {
  uint32_t image_bytes_max = 1u << 20; ///< WeChat's largest, 1280 px, are half of it
  uint32_t side_max_px = 2'048;        ///< WeChat makes 280 to 1280 pixels
  bool decode = true;                  ///< false: only magic bytes, header and size are looked at
  size_t seen_max = 65'536;            ///< images remembered, to notice two that are equal
};

/// What is known of one image. `fault` is empty, or the reason why the code is dead:
///   empty            no bytes
///   too_large        more bytes than any code has
///   mislabelled      JSON or another text that was sent as an image
///   not_an_image     neither JPEG nor PNG
///   truncated        it ends before its end mark
///   corrupt          it does not decode
///   too_many_pixels  larger than any code, or made to cost time and memory
///   wrong_size       not the width and height of its generation's other codes
///   byte_equal       the same bytes as another code's: so it does not hold its own id
struct image_verdict {
  std::string_view fault;
  std::string format; ///< "jpeg" or "png"
  uint32_t width = 0, height = 0;
  digest sha{};
  bool good() const noexcept { return fault.empty(); }
};

/// Looks at each image that WeChat sends before it counts as a code. A code that does not scan is found out by the one
/// who printed it, too late; so this is done for every single one.
class image_check {
public:
  explicit image_check(image_check_config cfg)
      : cfg_(cfg)
      , seen_(cfg.seen_max) {}

  /// Costs about the decoding of the image; remembers a good one. The first good one sets the size for all.
  image_verdict look(const bytes& image);

  /// Forgets the size: the next image sets it.
  void forget_size() noexcept { width_ = height_ = 0; }

private:
  image_check_config cfg_;
  seen_images seen_;
  uint32_t width_ = 0, height_ = 0;
};

} // namespace qrwell
