#include "tools/wechat-sim/jpeg_encoder.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <jpeglib.h>

namespace qrwell::sim {

namespace {

struct error_manager {
  jpeg_error_mgr base;
  std::jmp_buf escape;
};

extern "C" void leave_on_error(j_common_ptr info) {
  // libjpeg keeps a pointer to the first member of error_manager.
  std::longjmp(reinterpret_cast<error_manager*>(info->err)->escape, 1);
}

struct output {
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
};

/// No object with a destructor lives in this frame: libjpeg reports errors by longjmp.
bool run(output& out, std::vector<uint8_t>& row, int width, int height, int quality, unsigned restart_blocks,
         const row_painter& paint) {
  jpeg_compress_struct info;
  error_manager errors;
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave_on_error;
  if (setjmp(errors.escape) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &out.bytes, &out.size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  info.restart_interval = restart_blocks;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    paint(static_cast<int>(info.next_scanline), row);
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

} // namespace

std::string encode_jpeg(int width, int height, int quality, unsigned restart_blocks, const row_painter& paint) {
  std::vector<uint8_t> row(static_cast<std::size_t>(width) * 3);
  output out;
  bool ok = run(out, row, width, height, quality, restart_blocks, paint);
  std::string encoded;
  if (ok) encoded.assign(reinterpret_cast<const char*>(out.bytes), out.size);
  std::free(out.bytes);
  return encoded;
}

} // namespace qrwell::sim
