#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wechat-sim/code_art.hpp"

namespace qrwell::sim {

/// The JPEGs of all scenes of one width and one pair of colours, encoded once in pieces.
/// With a restart marker after each block of 16 x 16 pixels the blocks are independent of each other, and each block
/// has few looks (a dash or two that are there or not). All looks of all blocks are encoded beforehand; a scene's
/// picture is then put together by copying bytes, which takes microseconds instead of milliseconds.
class jpeg_plate {
public:
  jpeg_plate(const code_art& art, rgb line, rgb logo, int quality);

  /// A whole JPEG (JFIF, 4:2:0) whose COM segment is `comment`, at most 65,000 bytes.
  std::string print(const dash_bits& dashes, std::string_view comment) const;

private:
  struct block {
    uint32_t first_look = 0;
    std::vector<uint8_t> dashes;
  };

  void find_blocks(const code_art& art);
  void encode_looks(const code_art& art, rgb line, rgb logo, int quality);
  void cut(std::string_view encoded, int width);
  std::string_view look(uint32_t index) const;

  std::vector<block> blocks_;
  uint32_t look_count_ = 0;
  std::string head_;   // up to where the comment goes
  std::string tables_; // from after the comment to the first block
  std::string bytes_;  // the blocks' entropy-coded bytes, one after another
  std::vector<uint32_t> starts_;
  std::size_t size_max_ = 0;
};

} // namespace qrwell::sim
