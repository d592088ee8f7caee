#include "tools/qrwell/terminal_picture.hpp"

#include <cstdint>
#include <cstdio>
#include <vector>

#include <csetjmp>
#include <jpeglib.h>

namespace qrwell::cli {
namespace {

struct gray_image {
  size_t width = 0, height = 0;
  std::vector<uint8_t> pixels;
};

struct error_trap {
  jpeg_error_mgr base;
  std::jmp_buf back;
};

// libjpeg leaves by longjmp: nothing with a destructor may live between setjmp and here but what the caller owns.
bool decode(std::string_view jpeg, gray_image& out) {
  jpeg_decompress_struct info;
  error_trap trap;
  info.err = jpeg_std_error(&trap.base);
  trap.base.error_exit = [](j_common_ptr c) { std::longjmp(reinterpret_cast<error_trap*>(c->err)->back, 1); };
  trap.base.output_message = [](j_common_ptr) {};
  if (setjmp(trap.back)) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_GRAYSCALE;
  jpeg_start_decompress(&info);
  out.width = info.output_width;
  out.height = info.output_height;
  out.pixels.resize(out.width * out.height);
  while (info.output_scanline < info.output_height) {
    auto* row = out.pixels.data() + size_t{info.output_scanline} * out.width;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return true;
}

bool is_dark(const gray_image& image, size_t x0, size_t x1, size_t y0, size_t y1) {
  size_t sum = 0, count = 0;
  for (size_t y = y0; y < y1 && y < image.height; ++y)
    for (size_t x = x0; x < x1 && x < image.width; ++x, ++count) sum += image.pixels[y * image.width + x];
  return count > 0 && sum / count < 140;
}

} // namespace

std::string terminal_picture(std::string_view jpeg, size_t columns) {
  gray_image image;
  if (columns == 0 || !decode(jpeg, image) || image.width == 0) return {};
  std::string out;
  auto rows = columns * image.height / image.width;
  auto edge = [&](size_t i) { return i * image.width / columns; };
  for (size_t row = 0; row + 1 < rows; row += 2) {
    out += "\x1b[30;107m"; // black on bright white
    for (size_t column = 0; column < columns; ++column) {
      auto top = is_dark(image, edge(column), edge(column + 1), edge(row), edge(row + 1));
      auto bottom = is_dark(image, edge(column), edge(column + 1), edge(row + 1), edge(row + 2));
      out += top && bottom ? "█" : top ? "▀" : bottom ? "▄" : " ";
    }
    out += "\x1b[0m\n";
  }
  return out;
}

} // namespace qrwell::cli
