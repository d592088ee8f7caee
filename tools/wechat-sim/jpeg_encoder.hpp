#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace qrwell::sim {

/// Fills one row of RGB pixels.
using row_painter = std::function<void(int y, std::span<uint8_t> rgb_row)>;

/// Encodes a picture with libjpeg's defaults (JFIF, 4:2:0, standard Huffman tables) and a restart marker after every
/// `restart_blocks` blocks of 16 x 16 pixels (0: none). Empty if libjpeg refuses, which means it is out of memory.
std::string encode_jpeg(int width, int height, int quality, unsigned restart_blocks, const row_painter& paint);

} // namespace qrwell::sim
