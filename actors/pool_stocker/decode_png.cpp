#include "actors/pool_stocker/image_decode.hpp"

#include <algorithm>
#include <csetjmp>
#include <vector>

#include <png.h>

namespace qrwell {
namespace {

constexpr png_alloc_size_t chunk_bytes_max = 1u << 20;
constexpr png_uint_32 chunks_max = 64;

struct reader {
  std::span<const uint8_t> rest;
  std::jmp_buf out{};
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool ended_early = false;
};

[[noreturn]] void on_error(png_structp png, png_const_charp) {
  std::longjmp(static_cast<reader*>(png_get_error_ptr(png))->out, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, size_t count) {
  auto& r = *static_cast<reader*>(png_get_io_ptr(png));
  if (count > r.rest.size()) {
    r.ended_early = true;
    png_error(png, "cut");
  }
  std::copy_n(r.rest.begin(), count, to);
  r.rest = r.rest.subspan(count);
}

// In functions of their own, without objects that have destructors: longjmp leaves them.
bool read_header(reader& r) {
  if (setjmp(r.out) != 0) return false;
  png_read_info(r.png, r.info);
  return true;
}

bool read_rows(reader& r, png_bytep row, int passes, png_uint_32 height) {
  if (setjmp(r.out) != 0) return false;
  for (int pass = 0; pass < passes; ++pass)
    for (png_uint_32 y = 0; y < height; ++y) png_read_row(r.png, row, nullptr);
  png_read_end(r.png, nullptr);
  return true;
}

int begin_rows(reader& r) {
  if (setjmp(r.out) != 0) return 0;
  int passes = png_set_interlace_handling(r.png);
  png_read_update_info(r.png, r.info);
  return passes;
}

decoded_image read(reader& r, uint32_t side_max_px, bool whole) {
  decoded_image result;
  bool good = read_header(r);
  result.width = png_get_image_width(r.png, r.info);
  result.height = png_get_image_height(r.png, r.info);
  if (result.width > side_max_px || result.height > side_max_px) {
    result.fault = "too_many_pixels";
    return result;
  }
  if (good && whole) {
    int passes = begin_rows(r);
    // An interlaced image is merged into one row again and again: the pixels are of no use, the check is the same.
    std::vector<png_byte> row(png_get_rowbytes(r.png, r.info));
    good = passes > 0 && read_rows(r, row.data(), passes, result.height);
  }
  if (r.ended_early)
    result.fault = "truncated";
  else if (!good)
    result.fault = "corrupt";
  return result;
}

} // namespace

decoded_image decode_png(std::span<const uint8_t> data, uint32_t side_max_px, bool whole) {
  reader r;
  r.rest = data;
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
  r.info = r.png ? png_create_info_struct(r.png) : nullptr;
  if (!r.info) {
    png_destroy_read_struct(&r.png, nullptr, nullptr);
    return {"corrupt", 0, 0};
  }
  png_set_read_fn(r.png, &r, on_read);
  // libpng itself refuses only sides above these; ours are told apart by the caller, so that the reason is named.
  png_set_user_limits(r.png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(r.png, chunk_bytes_max);
  png_set_chunk_cache_max(r.png, chunks_max);
  auto result = read(r, side_max_px, whole);
  png_destroy_read_struct(&r.png, &r.info, nullptr);
  return result;
}

} // namespace qrwell
