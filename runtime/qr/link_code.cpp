#include "runtime/qr/link_code.hpp"

#include <fmt/format.h>
#include <png.h>
#include <qrencode.h>

#include <csetjmp>
#include <cstring>
#include <memory>

namespace qrwell {
namespace {

struct free_symbol {
  void operator()(QRcode* symbol) const noexcept { QRcode_free(symbol); }
};
using symbol_ptr = std::unique_ptr<QRcode, free_symbol>;

caf::expected<symbol_ptr> draw(std::string_view text) {
  symbol_ptr symbol{QRcode_encodeData(static_cast<int>(text.size()),
                                      static_cast<const unsigned char*>(static_cast<const void*>(text.data())), 0,
                                      QR_ECLEVEL_M)};
  if (!symbol)
    return fail(
        ec::invalid_request,
        fmt::format("link of {} bytes: no QR code with error correction M holds it; 2,331 are the most", text.size()));
  return symbol;
}

bool is_dark(const QRcode& symbol, uint32_t x, uint32_t y) {
  return (symbol.data[y * static_cast<uint32_t>(symbol.width) + x] & 1) != 0;
}

caf::error check_width(uint32_t width_px, uint32_t modules) {
  auto least = std::max(link_width_min, modules + 2 * quiet_zone_modules);
  if (width_px >= least && width_px <= link_width_max) return caf::none;
  return fail(ec::invalid_request, fmt::format("width: {} is not possible; {} to {} pixels are, for this code.",
                                               width_px, least, link_width_max));
}

/// One bit a pixel, and one row for all pixel rows of a module: to draw it costs what is in the symbol, not how large
/// it is.
struct picture {
  uint32_t width_px = 0, margin_px = 0, scale = 0;
  std::vector<uint8_t> white;
  std::vector<std::vector<uint8_t>> rows; ///< of the modules
};

struct png_room {
  uint8_t* at = nullptr;
  size_t left = 0;
};

void put_bytes(png_structp png, png_bytep data, size_t size) {
  auto& room = *static_cast<png_room*>(png_get_io_ptr(png));
  if (size > room.left) png_error(png, "no room");
  std::memcpy(room.at, data, size);
  room.at += size;
  room.left -= size;
}

void no_warning(png_structp, png_const_charp) {}

// libpng leaves by longjmp: nothing with a destructor lives in here.
bool write_rows(png_structp png, png_infop info, const picture& p) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_IHDR(png, info, p.width_px, p.width_px, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  png_set_compression_level(png, 6);
  png_write_info(png, info);
  auto bottom = p.margin_px + p.scale * static_cast<uint32_t>(p.rows.size());
  for (uint32_t y = 0; y < p.width_px; ++y)
    png_write_row(png, (y < p.margin_px || y >= bottom ? p.white : p.rows[(y - p.margin_px) / p.scale]).data());
  png_write_end(png, nullptr);
  return true;
}

bool write_png(const picture& p, png_room& room) {
  auto* png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, no_warning);
  auto* info = png ? png_create_info_struct(png) : nullptr;
  if (png) png_set_write_fn(png, &room, put_bytes, nullptr);
  auto ok = info && write_rows(png, info, p);
  png_destroy_write_struct(&png, &info);
  return ok;
}

} // namespace

caf::expected<uint32_t> link_code_modules(std::string_view text) {
  auto symbol = draw(text);
  if (!symbol) return std::move(symbol.error());
  return static_cast<uint32_t>((*symbol)->width);
}

caf::expected<bytes> link_code_png(std::string_view text, uint32_t width_px) {
  auto symbol = draw(text);
  if (!symbol) return std::move(symbol.error());
  auto modules = static_cast<uint32_t>((*symbol)->width);
  if (auto err = check_width(width_px, modules)) return err;
  auto scale = width_px / (modules + 2 * quiet_zone_modules);
  picture p;
  p.width_px = width_px;
  p.margin_px = (width_px - scale * modules) / 2;
  p.scale = scale;
  p.white.assign((width_px + 7) / 8, 0xff);
  for (uint32_t y = 0; y < modules; ++y) {
    auto& row = p.rows.emplace_back(p.white);
    for (uint32_t x = 0; x < scale * modules; ++x)
      if (auto at = p.margin_px + x; is_dark(**symbol, x / scale, y))
        row[at / 8] &= static_cast<uint8_t>(~(0x80u >> (at % 8)));
  }
  // What does not compress at all has this size, and some for chunks.
  bytes out(size_t{width_px} * (p.white.size() + 1) * 9 / 8 + 4'096);
  png_room room{out.data(), out.size()};
  if (!write_png(p, room))
    return fail(ec::internal, fmt::format("libpng did not write a picture of {} pixels", width_px));
  out.resize(out.size() - room.left);
  out.shrink_to_fit();
  return out;
}

caf::expected<std::string> link_code_svg(std::string_view text, uint32_t width_px) {
  auto symbol = draw(text);
  if (!symbol) return std::move(symbol.error());
  auto modules = static_cast<uint32_t>((*symbol)->width);
  if (auto err = check_width(width_px, modules)) return err;
  auto side = modules + 2 * quiet_zone_modules;
  auto out = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}" viewBox="0 0 {1} {1}" )"
                         R"(shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{1}v{1}H0z"/><path d=")",
                         width_px, side);
  // A run of dark modules is one bar.
  for (uint32_t y = 0; y < modules; ++y)
    for (uint32_t x = 0; x < modules;) {
      if (!is_dark(**symbol, x, y)) {
        ++x;
        continue;
      }
      auto begin = x;
      while (x < modules && is_dark(**symbol, x, y)) ++x;
      out += fmt::format("M{} {}h{}v1h-{}z", begin + quiet_zone_modules, y + quiet_zone_modules, x - begin, x - begin);
    }
  return out + "\"/></svg>\n";
}

} // namespace qrwell
