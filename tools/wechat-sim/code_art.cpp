#include "tools/wechat-sim/code_art.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <openssl/sha.h>

namespace qrwell::sim {

namespace {

// All lengths in units of half the picture's width; measured by eye on real codes.
constexpr double ray_inner = 0.47;
constexpr double ray_outer = 0.95;
constexpr double ray_half_thickness = 0.024;
constexpr double dash_gap = 0.016;
constexpr double logo_radius = 0.40;
constexpr double mark_distance = 0.80;
constexpr double mark_clear_radius = 0.17;
constexpr double mark_ring_radius = 0.105;
constexpr double mark_ring_half_thickness = 0.020;
constexpr double mark_dot_radius = 0.060;
constexpr double glyph_arc_radius = 0.10;
constexpr double glyph_half_thickness = 0.022;

using digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

digest sha256(std::string_view text) {
  digest out{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
  return out;
}

/// Part of a pixel inside a shape whose edge is `distance` away (negative: inside).
double cover(double distance, double pixels_per_unit) {
  return std::clamp(0.5 - distance * pixels_per_unit, 0.0, 1.0);
}

uint8_t to_byte(double share) {
  return static_cast<uint8_t>(std::lround(share * 255));
}

/// Where the dashes of a ray begin and end; the breaks differ from ray to ray, as they do in real codes.
std::array<double, dashes_per_ray + 1> breaks_of(std::size_t ray) {
  auto wobble = [ray](std::size_t k) { return static_cast<double>((ray * 7 + k * 5) % 9) / 8 - 0.5; };
  return {ray_inner, 0.62 + 0.08 * wobble(1), 0.79 + 0.08 * wobble(2), ray_outer - 0.03 * (0.5 + wobble(3))};
}

struct point {
  double x;
  double y;
};

constexpr std::array<point, 3> marks{point{-std::numbers::sqrt2 / 2, -std::numbers::sqrt2 / 2},
                                     point{std::numbers::sqrt2 / 2, -std::numbers::sqrt2 / 2},
                                     point{-std::numbers::sqrt2 / 2, std::numbers::sqrt2 / 2}};

class painter {
public:
  explicit painter(int width)
      : half_(width / 2.0) {
    for (std::size_t ray = 0; ray < rays; ++ray) breaks_[ray] = breaks_of(ray);
  }

  art_pixel paint(int px, int py) const {
    point p{(px + 0.5) / half_ - 1, (py + 0.5) / half_ - 1};
    double radius = std::hypot(p.x, p.y);
    double reach = 1 / half_;
    if (radius < logo_radius + reach) return paint_logo(p, radius);
    art_pixel pixel;
    if (radius > ray_inner - reach && radius < ray_outer + reach) paint_dash(p, radius, pixel);
    paint_marks(p, pixel);
    return pixel;
  }

private:
  art_pixel paint_logo(point p, double radius) const {
    // The mini-program sign: two open rings joined in the middle.
    double best = 1;
    for (double side : {-1.0, 1.0}) {
      point c{side * 0.085, side * -0.085};
      double dx = p.x - c.x;
      double dy = p.y - c.y;
      bool open = side * dx < 0 && side * dy < 0;
      if (!open) best = std::min(best, std::abs(std::hypot(dx, dy) - glyph_arc_radius) - glyph_half_thickness);
    }
    if (auto glyph = cover(best, half_); glyph > 0) return {art_pixel::no_dash, 0, ink::glyph, to_byte(glyph)};
    return {art_pixel::no_dash, 0, ink::logo, to_byte(cover(radius - logo_radius, half_))};
  }

  void paint_dash(point p, double radius, art_pixel& pixel) const {
    constexpr double step = 2 * std::numbers::pi / rays;
    double angle = std::atan2(p.y, p.x) + std::numbers::pi;
    auto ray = static_cast<std::size_t>(angle / step) % rays;
    double off = angle - (static_cast<double>(ray) + 0.5) * step;
    double along = radius * std::cos(off);
    double across = radius * std::sin(off);
    const auto& cuts = breaks_[ray];
    for (std::size_t k = 0; k < dashes_per_ray; ++k) {
      double from = cuts[k] + ray_half_thickness + dash_gap / 2;
      double to = cuts[k + 1] - ray_half_thickness - dash_gap / 2;
      double beyond = along - std::clamp(along, from, to);
      auto share = to_byte(cover(std::hypot(beyond, across) - ray_half_thickness, half_));
      if (share == 0) continue;
      pixel.dash = static_cast<uint8_t>(ray * dashes_per_ray + k);
      pixel.dash_cover = share;
      return;
    }
  }

  void paint_marks(point p, art_pixel& pixel) const {
    for (const auto& mark : marks) {
      double distance = std::hypot(p.x - mark.x * mark_distance, p.y - mark.y * mark_distance);
      double clear = cover(distance - mark_clear_radius, half_);
      if (clear <= 0) continue;
      pixel.dash_cover = to_byte(pixel.dash_cover / 255.0 * (1 - clear));
      if (pixel.dash_cover == 0) pixel.dash = art_pixel::no_dash;
      double ring = cover(std::abs(distance - mark_ring_radius) - mark_ring_half_thickness, half_);
      double dot = cover(distance - mark_dot_radius, half_);
      pixel.over_cover = to_byte(std::max(ring, dot));
      pixel.over = pixel.over_cover == 0 ? ink::none : ink::line;
    }
  }

  double half_;
  std::array<std::array<double, dashes_per_ray + 1>, rays> breaks_{};
};

} // namespace

dash_bits dashes_of(std::string_view appid, std::string_view page, std::string_view scene) {
  std::string text;
  text.append(appid).append("\n").append(page).append("\n").append(scene);
  auto hash = sha256(text);
  dash_bits bits;
  for (std::size_t i = 0; i < dash_count; ++i) bits[i] = ((hash[i / 8] >> (i % 8)) & 1U) != 0;
  return bits;
}

code_art::code_art(int width)
    : width_(width) {
  pixels_.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(width));
  painter hand{width};
  for (int y = 0; y < width; ++y)
    for (int x = 0; x < width; ++x) pixels_.push_back(hand.paint(x, y));
}

art_pixel code_art::at(int x, int y) const {
  if (x >= width_ || y >= width_) return {};
  return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
}

rgb logo_colour(std::string_view appid) {
  auto hash = sha256(appid);
  // Dark enough to be read on white.
  return {static_cast<uint8_t>(hash[0] % 160), static_cast<uint8_t>(hash[1] % 160),
          static_cast<uint8_t>(hash[2] % 160)};
}

} // namespace qrwell::sim
