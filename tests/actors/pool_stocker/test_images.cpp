#include "tests/actors/pool_stocker/test_images.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <jpeglib.h>
#include <png.h>

namespace qrwell::test {
namespace {

/// Blocks of random grey: compresses like the spots of a code.
std::vector<uint8_t> pixels(uint32_t width, uint32_t height, uint32_t seed, uint32_t channels) {
  std::mt19937 random{seed};
  std::vector<uint8_t> out(size_t{width} * height * channels);
  uint32_t block = 8;
  std::vector<uint8_t> shades(size_t{width / block + 1} * (height / block + 1));
  for (auto& shade : shades) shade = static_cast<uint8_t>(random());
  for (uint32_t y = 0; y < height; ++y)
    for (uint32_t x = 0; x < width; ++x)
      for (uint32_t c = 0; c < channels; ++c)
        out[(size_t{y} * width + x) * channels + c] =
            static_cast<uint8_t>(shades[size_t{y / block} * (width / block + 1) + x / block] + c * 40 + random() % 8);
  return out;
}

} // namespace

bytes make_jpeg(uint32_t width, uint32_t height, uint32_t seed, int quality, bool progressive) {
  auto data = pixels(width, height, seed, 3);
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPLE* row = data.data() + size_t{info.next_scanline} * width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  bytes out(buffer, buffer + size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

bytes make_png(uint32_t width, uint32_t height, uint32_t seed, bool interlaced) {
  auto data = pixels(width, height, seed, 4);
  bytes out;
  auto* png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  auto* info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep from, size_t count) {
        auto& to = *static_cast<bytes*>(png_get_io_ptr(p));
        to.insert(to.end(), from, from + count);
      },
      nullptr);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGBA, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_bytep> rows(height);
  for (uint32_t y = 0; y < height; ++y) rows[y] = data.data() + size_t{y} * width * 4;
  png_write_info(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

} // namespace qrwell::test
