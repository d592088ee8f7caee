#include "actors/pool_stocker/image_check.hpp"

#include "actors/pool_stocker/image_decode.hpp"
#include "runtime/ids/hash.hpp"
#include "runtime/wechat/answers.hpp"

#include <algorithm>

namespace qrwell {
namespace {

/// Nothing but printable characters and white space at its beginning.
bool is_text(const bytes& image) {
  auto head = std::span{image}.first(std::min<size_t>(image.size(), 64));
  return std::all_of(head.begin(), head.end(),
                     [](uint8_t c) { return (c >= 0x20 && c != 0x7f) || (c >= 9 && c <= 13); });
}

} // namespace

image_verdict image_check::look(const bytes& image) {
  image_verdict out;
  auto dead = [&out](std::string_view fault) {
    out.fault = fault;
    return out;
  };
  if (image.empty()) return dead("empty");
  if (image.size() > cfg_.image_bytes_max) return dead("too_large");
  auto magic = wechat::sniff(image);
  if (magic == wechat::image_magic::none) return dead(is_text(image) ? "mislabelled" : "not_an_image");
  bool jpeg = magic == wechat::image_magic::jpeg;
  out.format = jpeg ? "jpeg" : "png";
  auto decoded =
      jpeg ? decode_jpeg(image, cfg_.side_max_px, cfg_.decode) : decode_png(image, cfg_.side_max_px, cfg_.decode);
  out.width = decoded.width;
  out.height = decoded.height;
  if (!decoded.fault.empty()) return dead(decoded.fault);
  if (width_ != 0 && (out.width != width_ || out.height != height_)) return dead("wrong_size");
  out.sha = sha256({reinterpret_cast<const char*>(image.data()), image.size()});
  if (seen_.seen_before(out.sha)) return dead("byte_equal");
  width_ = out.width;
  height_ = out.height;
  return out;
}

} // namespace qrwell
