#include "tools/wechat-sim/png_plate.hpp"

#include <new>

#include <zlib.h>

namespace qrwell::sim {

namespace {

// The palette: transparent, three inks in eight strengths, then two strengths per dash.
constexpr unsigned strengths = 8;
constexpr unsigned line_base = 1;
constexpr unsigned logo_base = line_base + strengths;
constexpr unsigned glyph_base = logo_base + strengths;
constexpr unsigned dash_base = glyph_base + strengths;
constexpr unsigned dash_strengths = 2;
constexpr unsigned palette_size = dash_base + dash_strengths * dash_count;
static_assert(palette_size <= 256);

void put_number(std::string& out, std::size_t value) {
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xFFU);
}

void put_chunk(std::string& out, std::string_view name, std::string_view content) {
  put_number(out, content.size());
  auto from = out.size();
  out += name;
  out += content;
  put_number(out, crc32(0, reinterpret_cast<const Bytef*>(out.data() + from), static_cast<uInt>(out.size() - from)));
}

unsigned strength_of(uint8_t cover, unsigned steps) {
  return (cover * steps + 127) / 255;
}

uint8_t alpha_of(unsigned strength, unsigned steps) {
  return static_cast<uint8_t>(strength * 255 / steps);
}

char index_of(art_pixel pixel) {
  unsigned index = 0;
  if (auto over = strength_of(pixel.over_cover, strengths); over > 0) {
    unsigned base = pixel.over == ink::line ? line_base : pixel.over == ink::logo ? logo_base : glyph_base;
    index = base + over - 1;
  } else if (pixel.over == ink::glyph) {
    index = logo_base + strengths - 1;
  } else if (auto dash = strength_of(pixel.dash_cover, dash_strengths); dash > 0) {
    index = dash_base + dash_strengths * pixel.dash + dash - 1;
  }
  return static_cast<char>(index);
}

std::string deflate_whole(std::string_view raw) {
  auto size = compressBound(raw.size());
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()), raw.size(),
                9) != Z_OK)
    throw std::bad_alloc{};
  out.resize(size);
  return out;
}

struct palette {
  std::string colours;
  std::string alphas;
  void add(rgb colour, uint8_t alpha) {
    for (auto part : {colour.r, colour.g, colour.b}) colours += static_cast<char>(part);
    alphas += static_cast<char>(alpha);
  }
};

uint8_t toward_white(uint8_t part, unsigned strength) {
  return static_cast<uint8_t>(part + (255U - part) * strength / strengths);
}

palette palette_of(const dash_bits& dashes, rgb line, rgb logo) {
  palette out;
  out.colours.reserve(std::size_t{3} * palette_size);
  out.alphas.reserve(palette_size);
  out.add({255, 255, 255}, 0);
  for (unsigned s = 1; s <= strengths; ++s) out.add(line, alpha_of(s, strengths));
  for (unsigned s = 1; s <= strengths; ++s) out.add(logo, alpha_of(s, strengths));
  for (unsigned s = 1; s <= strengths; ++s)
    out.add({toward_white(logo.r, s), toward_white(logo.g, s), toward_white(logo.b, s)}, 255);
  for (std::size_t i = 0; i < dash_count; ++i)
    for (unsigned s = 1; s <= dash_strengths; ++s) out.add(line, dashes[i] ? alpha_of(s, dash_strengths) : uint8_t{0});
  return out;
}

} // namespace

png_plate::png_plate(const code_art& art) {
  head_ = "\x89PNG\r\n\x1A\n";
  std::string header;
  put_number(header, static_cast<std::size_t>(art.width()));
  put_number(header, static_cast<std::size_t>(art.width()));
  header += '\x08'; // bits per pixel
  header += '\x03'; // colours from a palette
  header.append(3, '\0');
  put_chunk(head_, "IHDR", header);
  std::string raw;
  for (int y = 0; y < art.width(); ++y) {
    raw += '\0'; // no filter
    for (int x = 0; x < art.width(); ++x) raw += index_of(art.at(x, y));
  }
  put_chunk(data_, "IDAT", deflate_whole(raw));
  put_chunk(data_, "IEND", {});
}

std::string png_plate::print(const dash_bits& dashes, rgb line, rgb logo, std::string_view scene) const {
  auto colours = palette_of(dashes, line, logo);
  std::string out;
  out.reserve(head_.size() + data_.size() + std::size_t{4} * palette_size + scene.size() + 64);
  out += head_;
  put_chunk(out, "PLTE", colours.colours);
  put_chunk(out, "tRNS", colours.alphas);
  put_chunk(out, "tEXt", std::string{"scene"} + '\0' + std::string{scene});
  out += data_;
  return out;
}

} // namespace qrwell::sim
