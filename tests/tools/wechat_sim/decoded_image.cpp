#include "tests/tools/wechat_sim/decoded_image.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>
#include <png.h>

namespace qrwell::sim::testing {

namespace {

struct jpeg_errors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
};

extern "C" void leave_jpeg(j_common_ptr info) {
  std::longjmp(reinterpret_cast<jpeg_errors*>(info->err)->escape, 1);
}

extern "C" void ignore_message(j_common_ptr) {}

struct png_input {
  std::string_view left;
};

extern "C" void leave_png(png_structp png, png_const_charp) {
  png_longjmp(png, 1);
}

extern "C" void count_warning(png_structp png, png_const_charp) {
  ++static_cast<decoded_image*>(png_get_error_ptr(png))->warnings;
}

extern "C" void read_png(png_structp png, png_bytep out, png_size_t size) {
  auto* input = static_cast<png_input*>(png_get_io_ptr(png));
  if (input->left.size() < size) png_error(png, "too short");
  std::memcpy(out, input->left.data(), size);
  input->left.remove_prefix(size);
}

void run_jpeg(std::string_view bytes, decoded_image& out) {
  jpeg_decompress_struct info;
  jpeg_errors errors;
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave_jpeg;
  errors.base.output_message = ignore_message;
  if (setjmp(errors.escape) != 0) {
    jpeg_destroy_decompress(&info);
    return;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&info, JPEG_COM, 0xFFFF);
  jpeg_read_header(&info, TRUE);
  jpeg_start_decompress(&info);
  out.width = static_cast<int>(info.output_width);
  out.height = static_cast<int>(info.output_height);
  std::size_t stride = std::size_t{info.output_width} * 3;
  out.pixels.resize(stride * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = out.pixels.data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  if (info.marker_list != nullptr)
    out.text.assign(reinterpret_cast<const char*>(info.marker_list->data), info.marker_list->data_length);
  jpeg_finish_decompress(&info);
  out.warnings = static_cast<int>(errors.base.num_warnings);
  out.ok = true;
  jpeg_destroy_decompress(&info);
}

void run_png(png_input& input, decoded_image& out) {
  auto* png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &out, leave_png, count_warning);
  auto* info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    return;
  }
  png_set_read_fn(png, &input, read_png);
  png_read_info(png, info);
  png_set_expand(png);
  png_read_update_info(png, info);
  out.width = static_cast<int>(png_get_image_width(png, info));
  out.height = static_cast<int>(png_get_image_height(png, info));
  std::size_t stride = png_get_rowbytes(png, info);
  out.pixels.resize(stride * static_cast<std::size_t>(out.height));
  for (int y = 0; y < out.height; ++y)
    png_read_row(png, out.pixels.data() + stride * static_cast<std::size_t>(y), nullptr);
  png_read_end(png, info);
  png_textp texts = nullptr;
  int count = png_get_text(png, info, &texts, nullptr);
  for (int i = 0; i < count; ++i)
    if (std::string_view{texts[i].key} == "scene") out.text.assign(texts[i].text, texts[i].text_length);
  out.ok = input.left.empty();
  png_destroy_read_struct(&png, &info, nullptr);
}

} // namespace

decoded_image decode_jpeg(std::string_view bytes) {
  decoded_image out;
  run_jpeg(bytes, out);
  return out;
}

decoded_image decode_png(std::string_view bytes) {
  decoded_image out;
  png_input input{bytes};
  run_png(input, out);
  return out;
}

} // namespace qrwell::sim::testing
