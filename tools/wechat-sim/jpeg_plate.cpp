#include "tools/wechat-sim/jpeg_plate.hpp"

#include <algorithm>
#include <new>

#include "tools/wechat-sim/jpeg_encoder.hpp"

namespace qrwell::sim {

namespace {

constexpr int block_side = 16;
constexpr int sheet_columns = 64;

constexpr unsigned char marker_rst0 = 0xD0;
constexpr unsigned char marker_eoi = 0xD9;
constexpr unsigned char marker_sos = 0xDA;
constexpr unsigned char marker_sof0 = 0xC0;

int blocks_across(int width) {
  return (width + block_side - 1) / block_side;
}

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

std::size_t number_at(std::string_view text, std::size_t i) {
  return static_cast<std::size_t>(byte_at(text, i)) << 8U | byte_at(text, i + 1);
}

void put_number(std::string& text, std::size_t i, std::size_t value) {
  text[i] = static_cast<char>(value >> 8U);
  text[i + 1] = static_cast<char>(value & 0xFFU);
}

uint8_t mix(uint8_t under, uint8_t over, uint8_t cover) {
  return static_cast<uint8_t>((under * (255 - cover) + over * cover + 127) / 255);
}

rgb mix(rgb under, rgb over, uint8_t cover) {
  return {mix(under.r, over.r, cover), mix(under.g, over.g, cover), mix(under.b, over.b, cover)};
}

constexpr rgb white{255, 255, 255};

rgb colour_of(art_pixel pixel, bool dash_is_there, rgb line, rgb logo) {
  rgb under = dash_is_there ? mix(white, line, pixel.dash_cover) : white;
  switch (pixel.over) {
  case ink::line:
    return mix(under, line, pixel.over_cover);
  case ink::logo:
    return mix(under, logo, pixel.over_cover);
  case ink::glyph:
    return mix(logo, white, pixel.over_cover);
  case ink::none:
    break;
  }
  return under;
}

} // namespace

jpeg_plate::jpeg_plate(const code_art& art, rgb line, rgb logo, int quality) {
  find_blocks(art);
  encode_looks(art, line, logo, quality);
}

void jpeg_plate::find_blocks(const code_art& art) {
  int across = blocks_across(art.width());
  for (int row = 0; row < across; ++row) {
    for (int column = 0; column < across; ++column) {
      block next;
      next.first_look = look_count_;
      for (int y = row * block_side; y < (row + 1) * block_side; ++y) {
        for (int x = column * block_side; x < (column + 1) * block_side; ++x) {
          auto dash = art.at(x, y).dash;
          if (dash != art_pixel::no_dash && std::ranges::find(next.dashes, dash) == next.dashes.end())
            next.dashes.push_back(dash);
        }
      }
      look_count_ += 1U << next.dashes.size();
      blocks_.push_back(std::move(next));
    }
  }
}

void jpeg_plate::encode_looks(const code_art& art, rgb line, rgb logo, int quality) {
  // One sheet holds every look of every block, in order, so that libjpeg runs once.
  struct place {
    int x;
    int y;
    dash_bits dashes;
  };
  std::vector<place> sheet;
  sheet.reserve(look_count_);
  int across = blocks_across(art.width());
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto& dashes = blocks_[i].dashes;
    for (uint32_t choice = 0; choice < 1U << dashes.size(); ++choice) {
      place spot{static_cast<int>(i) % across * block_side, static_cast<int>(i) / across * block_side, {}};
      for (std::size_t k = 0; k < dashes.size(); ++k) spot.dashes[dashes[k]] = (choice >> k & 1U) != 0;
      sheet.push_back(spot);
    }
  }
  int sheet_rows = (static_cast<int>(sheet.size()) + sheet_columns - 1) / sheet_columns;
  auto paint = [&](int y, std::span<uint8_t> row) {
    std::fill(row.begin(), row.end(), uint8_t{255});
    auto first = static_cast<std::size_t>(y / block_side) * sheet_columns;
    auto last = std::min(first + sheet_columns, sheet.size());
    auto* out = row.data();
    for (auto i = first; i < last; ++i) {
      const auto& spot = sheet[i];
      for (int x = 0; x < block_side; ++x) {
        auto pixel = art.at(spot.x + x, spot.y + y % block_side);
        auto colour = colour_of(pixel, pixel.dash != art_pixel::no_dash && spot.dashes[pixel.dash], line, logo);
        *out++ = colour.r;
        *out++ = colour.g;
        *out++ = colour.b;
      }
    }
  };
  cut(encode_jpeg(sheet_columns * block_side, sheet_rows * block_side, quality, 1, paint), art.width());
}

void jpeg_plate::cut(std::string_view encoded, int width) {
  if (encoded.empty()) throw std::bad_alloc{};
  // Segments up to the scan: the JFIF one goes before the comment, the tables after it.
  std::size_t at = 2;
  head_ = encoded.substr(0, at);
  bool in_head = true;
  while (true) {
    auto kind = byte_at(encoded, at + 1);
    std::string segment{encoded.substr(at, 2 + number_at(encoded, at + 2))};
    at += segment.size();
    if (kind == marker_sof0) {
      put_number(segment, 5, static_cast<std::size_t>(width));
      put_number(segment, 7, static_cast<std::size_t>(width));
    }
    (in_head ? head_ : tables_) += segment;
    in_head = false;
    if (kind == marker_sos) break;
  }
  starts_.push_back(0);
  while (starts_.size() <= look_count_) {
    auto from = at;
    // In entropy-coded bytes FF is always followed by 00; any other follower is a marker.
    while (!(byte_at(encoded, at) == 0xFF && byte_at(encoded, at + 1) != 0)) ++at;
    bytes_.append(encoded.substr(from, at - from));
    starts_.push_back(static_cast<uint32_t>(bytes_.size()));
    at += 2;
  }
  size_max_ = head_.size() + tables_.size() + 2 * blocks_.size() + 2;
  for (const auto& part : blocks_) {
    std::size_t widest = 0;
    for (uint32_t i = 0; i < 1U << part.dashes.size(); ++i) widest = std::max(widest, look(part.first_look + i).size());
    size_max_ += widest;
  }
}

std::string_view jpeg_plate::look(uint32_t index) const {
  return std::string_view{bytes_}.substr(starts_[index], starts_[index + 1] - starts_[index]);
}

std::string jpeg_plate::print(const dash_bits& dashes, std::string_view comment) const {
  std::string out;
  out.reserve(size_max_ + comment.size() + 4);
  out += head_;
  out += "\xFF\xFE";
  out += std::string(2, '\0');
  put_number(out, out.size() - 2, comment.size() + 2);
  out += comment;
  out += tables_;
  unsigned restart = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const auto& part = blocks_[i];
    uint32_t choice = 0;
    for (std::size_t k = 0; k < part.dashes.size(); ++k) choice |= static_cast<uint32_t>(dashes[part.dashes[k]]) << k;
    out += look(part.first_look + choice);
    out += '\xFF';
    out += static_cast<char>(i + 1 == blocks_.size() ? marker_eoi : marker_rst0 + restart);
    restart = (restart + 1) % 8;
  }
  return out;
}

} // namespace qrwell::sim
