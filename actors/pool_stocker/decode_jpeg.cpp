#include "actors/pool_stocker/image_decode.hpp"

#include <csetjmp>
#include <cstdio>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

namespace qrwell {
namespace {

// A progressive file may have any number of scans, each of which costs a pass over all coefficients.
constexpr int scans_max = 64;
constexpr long decoder_bytes_max = 64l << 20;

struct decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf out{};
  int warning = 0; // the first that says that data is missing or wrong
  bool too_costly = false;
};

decoder& of(j_common_ptr info) {
  return *static_cast<decoder*>(info->client_data);
}

[[noreturn]] void on_error(j_common_ptr info) {
  std::longjmp(of(info).out, 1);
}

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return; // only talk
  auto code = info->err->msg_code;
  if (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER && code != JWRN_HUFF_BAD_CODE && code != JWRN_MUST_RESYNC &&
      code != JWRN_BOGUS_PROGRESSION)
    return;
  if (of(info).warning == 0) of(info).warning = code;
}

void on_progress(j_common_ptr info) {
  if (of(info).info.input_scan_number <= scans_max) return;
  of(info).too_costly = true;
  std::longjmp(of(info).out, 1);
}

// In a function of its own, without objects that have destructors: longjmp leaves it.
bool run(decoder& d, std::span<const uint8_t> data, uint32_t side_max_px, bool whole, JSAMPLE* row, size_t row_bytes) {
  if (setjmp(d.out) != 0) return false;
  jpeg_create_decompress(&d.info);
  d.info.mem->max_memory_to_use = decoder_bytes_max;
  d.info.progress = &d.progress;
  jpeg_mem_src(&d.info, data.data(), data.size());
  if (jpeg_read_header(&d.info, TRUE) != JPEG_HEADER_OK) return false;
  d.too_costly = d.info.image_width > side_max_px || d.info.image_height > side_max_px;
  if (d.too_costly) return false;
  if (!whole) return true;
  d.info.scale_num = 1;
  d.info.scale_denom = 8;
  d.info.dct_method = JDCT_IFAST;
  d.info.do_fancy_upsampling = FALSE;
  jpeg_start_decompress(&d.info);
  if (size_t{d.info.output_width} * static_cast<size_t>(d.info.output_components) > row_bytes) return false;
  while (d.info.output_scanline < d.info.output_height) jpeg_read_scanlines(&d.info, &row, 1);
  jpeg_finish_decompress(&d.info);
  return true;
}

} // namespace

decoded_image decode_jpeg(std::span<const uint8_t> data, uint32_t side_max_px, bool whole) {
  std::vector<JSAMPLE> row((size_t{side_max_px} / 8 + 1) * 4);
  decoder d;
  d.info.client_data = &d;
  d.info.err = jpeg_std_error(&d.errors);
  d.errors.error_exit = on_error;
  d.errors.emit_message = on_message;
  d.progress.progress_monitor = on_progress;
  bool done = run(d, data, side_max_px, whole, row.data(), row.size());
  decoded_image result{"", d.info.image_width, d.info.image_height};
  bool ended_early = d.warning == JWRN_JPEG_EOF || d.errors.msg_code == JERR_INPUT_EOF;
  jpeg_destroy_decompress(&d.info);
  if (d.too_costly)
    result.fault = "too_many_pixels";
  else if (ended_early)
    result.fault = "truncated";
  else if (!done || d.warning != 0)
    result.fault = "corrupt";
  return result;
}

} // namespace qrwell
