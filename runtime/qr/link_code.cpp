#include "runtime/qr/link_code.hpp"

#include <fmt/format.h>
#include <png.h>
#include <qrencode.h>

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
  auto margin = (width_px - scale * modules) / 2;
  // One byte a pixel, an index into two colours; libpng packs them into one bit each.
  std::vector<uint8_t> pixels(size_t{width_px} * width_px, 0);
  for (uint32_t y = 0; y < scale * modules; ++y)
    for (uint32_t x = 0; x < scale * modules; ++x)
      if (is_dark(**symbol, x / scale, y / scale)) pixels[size_t{y + margin} * width_px + x + margin] = 1;
  const uint8_t colours[] = {255, 255, 255, 0, 0, 0};
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = width_px;
  image.format = PNG_FORMAT_RGB | PNG_FORMAT_FLAG_COLORMAP;
  image.colormap_entries = 2;
  bytes out(PNG_IMAGE_PNG_SIZE_MAX(image));
  png_alloc_size_t size = out.size();
  if (!png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), static_cast<png_int_32>(width_px),
                                 colours))
    return fail(ec::internal, fmt::format("libpng did not write a picture of {} pixels: {}", width_px, image.message));
  out.resize(size);
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
