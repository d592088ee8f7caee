#include "tools/wechat-sim/code_art.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <openssl/sha.h>

namespace qrwell::sim {

namespace {

// All lengths in units of half the picture's width; measured by eye on real codes.
constexpr double ray_step = 2 * std::numbers::pi / rays; // an angle
constexpr double ray_inner = 0.47;
constexpr double ray_outer = 0.95;
constexpr double ray_half_thickness = 0.024;
constexpr double dash_gap = 0.016;
constexpr double logo_radius = 0.40;
constexpr double mark_distance = 0.80;
constexpr double mark_clear_radius = 0.145;
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

struct point {
  double x;
  double y;
};

constexpr double diagonal = std::numbers::sqrt2 / 2;
constexpr std::array<point, 3> marks{point{-diagonal, -diagonal}, point{diagonal, -diagonal},
                                     point{-diagonal, diagonal}};

/// The middle line of a dash, from and to measured from the centre of the picture.
struct dash {
  double from;
  double to;
  bool drawn; // false: it would run into a position mark
};

double angle_of(std::size_t ray) {
  return (static_cast<double>(ray) + 0.5) * ray_step;
}

bool runs_into_a_mark(std::size_t ray, double from, double to) {
  // atan2 + pi is the angle that the painter works with, hence the turned direction.
  point direction{-std::cos(angle_of(ray)), -std::sin(angle_of(ray))};
  return std::ranges::any_of(marks, [&](point mark) {
    double along = std::clamp((mark.x * direction.x + mark.y * direction.y) * mark_distance, from, to);
    double distance =
        std::hypot(mark.x * mark_distance - along * direction.x, mark.y * mark_distance - along * direction.y);
    return distance < mark_clear_radius + ray_half_thickness;
  });
}

/// The breaks differ from ray to ray, as they do in real codes.
std::array<dash, dashes_per_ray> dashes_of_ray(std::size_t ray) {
  auto wobble = [ray](std::size_t k) { return static_cast<double>((ray * 7 + k * 5) % 9) / 8 - 0.5; };
  std::array<double, dashes_per_ray + 1> cuts{ray_inner, 0.62 + 0.08 * wobble(1), 0.79 + 0.08 * wobble(2),
                                              ray_outer - 0.03 * (0.5 + wobble(3))};
  std::array<dash, dashes_per_ray> out{};
  for (std::size_t k = 0; k < dashes_per_ray; ++k) {
    double from = cuts[k] + ray_half_thickness + dash_gap / 2;
    double to = cuts[k + 1] - ray_half_thickness - dash_gap / 2;
    out[k] = {from, to, !runs_into_a_mark(ray, from, to)};
  }
  return out;
}

class painter {
public:
  explicit painter(int width)
      : half_(width / 2.0) {
    for (std::size_t ray = 0; ray < rays; ++ray) dashes_[ray] = dashes_of_ray(ray);
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
    double angle = std::atan2(p.y, p.x) + std::numbers::pi;
    auto ray = static_cast<std::size_t>(angle / ray_step) % rays;
    double off = angle - angle_of(ray);
    double along = radius * std::cos(off);
    double across = radius * std::sin(off);
    for (std::size_t k = 0; k < dashes_per_ray; ++k) {
      const auto& d = dashes_[ray][k];
      if (!d.drawn) continue;
      double beyond = along - std::clamp(along, d.from, d.to);
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
      if (distance > mark_clear_radius) continue;
      double ring = cover(std::abs(distance - mark_ring_radius) - mark_ring_half_thickness, half_);
      double dot = cover(distance - mark_dot_radius, half_);
      pixel.over_cover = to_byte(std::max(ring, dot));
      pixel.over = pixel.over_cover == 0 ? ink::none : ink::line;
    }
  }

  double half_;
  std::array<std::array<dash, dashes_per_ray>, rays> dashes_{};
};

} // namespace

dash_bits dashes_of(std::string_view appid, std::string_view page, std::string_view scene) {
  std::string text;
  text.append(appid).append("\n").append(page).append("\n").append(scene);
  auto hash = sha256(text);
  dash_bits bits;
  // Two bits per dash, so that three of four are there, as in real codes.
  for (std::size_t i = 0; i < dash_count; ++i) bits[i] = (hash[i / 4] >> (i % 4 * 2) & 3U) != 0;
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
  // A full colour of any hue, dark enough to be read on white.
  double hue = sha256(appid)[0] / 256.0 * 6;
  auto part = [hue](double shift) {
    double away = std::abs(std::fmod(hue + shift, 6.0) - 3) - 1;
    return static_cast<uint8_t>(20 + 150 * std::clamp(away, 0.0, 1.0));
  };
  return {part(0), part(4), part(2)};
}

} // namespace qrwell::sim
