#pragma once

#include "messages/common.hpp"

namespace qrwell::test {

/// A JPEG whose pixels depend on the seed.
bytes make_jpeg(uint32_t width, uint32_t height, uint32_t seed, int quality = 100, bool progressive = false);

/// An RGBA PNG whose pixels depend on the seed.
bytes make_png(uint32_t width, uint32_t height, uint32_t seed, bool interlaced = false);

} // namespace qrwell::test
