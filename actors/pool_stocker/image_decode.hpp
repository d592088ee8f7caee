#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace qrwell {

/// What stands in an image, or what is wrong with it. The bytes come from the network: whatever they are, nothing
/// crashes, and memory stays below a few times `side_max_px` squared bytes.
struct decoded_image {
  std::string_view fault; ///< empty: good. Else a word of the dead reasons: "truncated", "corrupt", "too_many_pixels"
  uint32_t width = 0, height = 0;
};

/// Decodes all of a JPEG (at 1/8 scale, which reads every bit of it and computes a 64th of the pixels), or, without
/// `whole`, only its header.
decoded_image decode_jpeg(std::span<const uint8_t> data, uint32_t side_max_px, bool whole);

/// Decodes all of a PNG up to its end mark, with all checksums, or, without `whole`, only its header.
decoded_image decode_png(std::span<const uint8_t> data, uint32_t side_max_px, bool whole);

} // namespace qrwell
