#include "tools/wechat-sim/image_press.hpp"

#include <algorithm>

namespace qrwell::sim {

std::string image_press::print(std::string_view appid, const code_request& request) {
  auto logo = logo_colour(appid);
  auto line = request.auto_color ? logo : request.line_color;
  auto dashes = dashes_of(appid, request.page, request.scene);
  const auto& found = plate_for(request.width, request.is_hyaline, line, logo);
  if (request.is_hyaline) return found.png->print(dashes, line, logo, request.scene);
  return found.jpeg->print(dashes, "scene=" + request.scene);
}

const image_press::plate& image_press::plate_for(int width, bool hyaline, rgb line, rgb logo) {
  auto fits = [&](const plate& p) {
    // A PNG's colours are not in its plate.
    return p.width == width && p.hyaline == hyaline && (hyaline || (p.line == line && p.logo == logo));
  };
  auto found = std::ranges::find_if(plates_, fits);
  if (found != plates_.end()) {
    plates_.splice(plates_.begin(), plates_, found);
    return plates_.front();
  }
  code_art art{width};
  plate fresh{width, hyaline, line, logo, nullptr, nullptr};
  if (hyaline)
    fresh.png = std::make_unique<png_plate>(art);
  else
    fresh.jpeg = std::make_unique<jpeg_plate>(art, line, logo, jpeg_quality_);
  if (plates_.size() == plates_max) plates_.pop_back();
  plates_.push_front(std::move(fresh));
  return plates_.front();
}

} // namespace qrwell::sim
