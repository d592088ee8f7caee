#include "actors/code_server/link_image.hpp"

#include "messages/errors.hpp"
#include "runtime/http/words.hpp"
#include "runtime/qr/link_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qrwell {
namespace {

// The order counts, weights do not but for 0.
drawn_format wanted_by(std::string_view accept) {
  while (!accept.empty()) {
    auto end = std::min(accept.find(','), accept.size());
    auto range = accept.substr(0, end);
    accept.remove_prefix(std::min(end + 1, accept.size()));
    auto type = http::trim(range.substr(0, range.find(';')));
    if (range.find(";q=0,") != range.npos || range.ends_with(";q=0")) continue;
    if (http::same_word(type, "image/svg+xml")) return drawn_format::svg;
    if (http::same_word(type, "image/png") || http::same_word(type, "image/*") || type == "*/*") break;
  }
  return drawn_format::png;
}

// Measured: encoding is the same for all widths, and compressing grows with the area.
double work_us(const drawing& how) {
  auto width = static_cast<double>(how.width_px);
  return 300 + (how.format == drawn_format::png ? width * width / 2'500 : 0);
}

} // namespace

caf::expected<drawing> read_drawing(const http::target& target, std::string_view accept) {
  drawing out{wanted_by(accept), link_width_default};
  if (auto format = target.param("format")) {
    if (*format != "png" && *format != "svg") return fail(ec::invalid_request, "format: must be png or svg.");
    out.format = *format == "svg" ? drawn_format::svg : drawn_format::png;
  }
  if (auto width = target.param("width")) {
    auto [end, err] = std::from_chars(width->data(), width->data() + width->size(), out.width_px);
    if (err != std::errc{} || end != width->data() + width->size() || out.width_px < link_width_min ||
        out.width_px > link_width_max)
      return fail(ec::invalid_request, fmt::format("width: must be a whole number of pixels from {} to {}.",
                                                   link_width_min, link_width_max));
  }
  return out;
}

caf::error check_not_drawn(const http::target& target) {
  for (auto* name : {"format", "width"})
    if (target.param(name))
      return fail(ec::invalid_request, std::string(name) + ": only the image of a link code can be had in other forms; "
                                                           "this one is as WeChat made it.");
  return caf::none;
}

std::string drawing_tag(std::string_view id, const drawing& how) {
  return fmt::format("\"{}.{}.{}\"", id, how.format == drawn_format::svg ? "svg" : "png", how.width_px);
}

std::string_view drawing_type(drawn_format format) noexcept {
  return format == drawn_format::svg ? "image/svg+xml" : "image/png";
}

std::string_view link_images::keep(const std::string& tag, std::string data) {
  kept_bytes_ += data.size();
  kept_.push_front({tag, std::move(data)});
  by_tag_[kept_.front().tag] = kept_.begin();
  while (kept_bytes_ > cfg_.kept_bytes_max && kept_.size() > 1) {
    kept_bytes_ -= kept_.back().data.size();
    by_tag_.erase(kept_.back().tag);
    kept_.pop_back();
  }
  return kept_.front().data;
}

caf::expected<std::string_view> link_images::draw(const std::string& text, const std::string& tag, const drawing& how,
                                                  std::string_view peer, int64_t mono_ms) {
  if (auto found = by_tag_.find(tag); found != by_tag_.end()) {
    kept_.splice(kept_.begin(), kept_, found->second);
    return std::string_view(kept_.front().data);
  }
  auto kept = how.width_px == link_width_default ? 0.0 : static_cast<double>(cfg_.usual_us_per_s);
  if (!work_.take(peer, work_us(how), mono_ms, kept))
    return fail(ec::overloaded, "Too many link codes are being drawn. Try again after a second.");
  ++drawn_;
  if (how.format == drawn_format::svg) {
    auto svg = link_code_svg(text, how.width_px);
    if (!svg) return std::move(svg.error());
    return keep(tag, std::move(*svg));
  }
  auto png = link_code_png(text, how.width_px);
  if (!png) return std::move(png.error());
  return keep(tag, std::string(reinterpret_cast<const char*>(png->data()), png->size()));
}

} // namespace qrwell
