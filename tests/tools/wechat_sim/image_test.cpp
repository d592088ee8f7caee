#include "tools/wechat-sim/image_press.hpp"

#include <cstdlib>
#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/decoded_image.hpp"
#include "tools/wechat-sim/jpeg_encoder.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

code_request wanted(std::string scene, int width = 430) {
  code_request request;
  request.scene = std::move(scene);
  request.page = "pages/a";
  request.width = width;
  return request;
}

/// How many pixels differ clearly.
std::size_t differing(const decoded_image& a, const decoded_image& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.pixels.size(); i += 3) count += std::abs(a.pixels[i] - b.pixels[i]) > 64 ? 1 : 0;
  return count;
}

struct colour {
  int r, g, b;
};

colour pixel_at(const decoded_image& image, int x, int y) {
  const auto* p = image.pixels.data() + (static_cast<std::size_t>(y * image.width + x)) * 3;
  return {p[0], p[1], p[2]};
}

} // namespace

BOOST_AUTO_TEST_SUITE(image_suite)

BOOST_AUTO_TEST_CASE(jpegs_of_all_widths_decode_without_a_warning_and_carry_their_scene) {
  image_press press{80};
  for (int width : {280, 281, 287, 288, 300, 430, 431, 600, 1279, 1280}) {
    auto image = decode_jpeg(press.print("wxone", wanted("s-1", width)));
    BOOST_TEST(image.ok, width);
    BOOST_TEST(image.warnings == 0, width);
    BOOST_TEST(image.width == width);
    BOOST_TEST(image.height == width);
    BOOST_TEST(image.text == "scene=s-1");
  }
}

BOOST_AUTO_TEST_CASE(pngs_of_all_widths_decode_without_a_warning_and_carry_their_scene) {
  image_press press{80};
  for (int width : {280, 281, 430, 1280}) {
    auto request = wanted("s-2", width);
    request.is_hyaline = true;
    auto image = decode_png(press.print("wxone", request));
    BOOST_TEST(image.ok, width);
    BOOST_TEST(image.warnings == 0, width);
    BOOST_TEST(image.width == width);
    BOOST_TEST(image.height == width);
    BOOST_TEST(image.text == "s-2");
    BOOST_TEST(image.pixels.size() == static_cast<std::size_t>(width * width * 4));
    BOOST_TEST(int{image.pixels[3]} == 0); // the corner is transparent
  }
}

BOOST_AUTO_TEST_CASE(putting_blocks_together_gives_what_libjpeg_gives) {
  // Decoding and encoding again at the same quality must change next to nothing, or a block is in the wrong place.
  image_press press{90};
  auto image = decode_jpeg(press.print("wxone", wanted("whole")));
  auto paint = [&](int y, std::span<uint8_t> row) {
    std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(y) * 430 * 3, row.size(), row.begin());
  };
  auto again = decode_jpeg(encode_jpeg(430, 430, 90, 0, paint));
  BOOST_TEST(again.ok);
  BOOST_TEST(differing(image, again) == 0U);
}

BOOST_AUTO_TEST_CASE(scenes_differ_in_their_pixels) {
  image_press press{80};
  auto first = decode_jpeg(press.print("wxone", wanted("s-0")));
  for (int i = 1; i < 40; ++i) {
    auto next = decode_jpeg(press.print("wxone", wanted("s-" + std::to_string(i))));
    BOOST_TEST(next.warnings == 0);
    BOOST_TEST(differing(first, next) > 500U);
  }
  std::set<std::string> dashes;
  for (int i = 0; i < 20'000; ++i) dashes.insert(dashes_of("wxone", "p", std::to_string(i)).to_string());
  BOOST_TEST(dashes.size() == 20'000U);
}

BOOST_AUTO_TEST_CASE(the_same_request_gives_the_same_bytes_and_another_app_or_page_others) {
  image_press press{80};
  auto bytes = press.print("wxone", wanted("s"));
  BOOST_TEST(press.print("wxone", wanted("s")) == bytes);
  BOOST_TEST(press.print("wxtwo", wanted("s")) != bytes);
  auto other = wanted("s");
  other.page = "pages/b";
  BOOST_TEST(press.print("wxone", other) != bytes);
}

BOOST_AUTO_TEST_CASE(the_line_colour_is_honoured) {
  image_press press{90};
  // The dot of the upper left position mark.
  constexpr int at = 215 - 122;
  auto request = wanted("s");
  auto black = pixel_at(decode_jpeg(press.print("wxone", request)), at, at);
  BOOST_TEST(black.r + black.g + black.b < 30);
  request.line_color = {200, 30, 60};
  auto red = pixel_at(decode_jpeg(press.print("wxone", request)), at, at);
  BOOST_TEST(std::abs(red.r - 200) < 10);
  BOOST_TEST(std::abs(red.g - 30) < 10);
  BOOST_TEST(std::abs(red.b - 60) < 10);
  request.auto_color = true;
  auto own = pixel_at(decode_jpeg(press.print("wxone", request)), at, at);
  auto logo = logo_colour("wxone");
  BOOST_TEST(std::abs(own.r - logo.r) < 10);
  BOOST_TEST(std::abs(own.b - logo.b) < 10);
}

BOOST_AUTO_TEST_CASE(sizes_are_realistic) {
  image_press press{80};
  auto size = press.print("wxone", wanted("s")).size();
  BOOST_TEST(size > 15'000U);
  BOOST_TEST(size < 50'000U);
  BOOST_TEST(image_press{100}.print("wxone", wanted("s")).size() > 60'000U);
}

BOOST_AUTO_TEST_CASE(many_colours_do_not_pile_up) {
  image_press press{80};
  auto request = wanted("s", 280);
  auto first = press.print("wxone", request);
  for (uint8_t i = 1; i < 3 * image_press::plates_max; ++i) {
    request.line_color = {i, 0, 0};
    BOOST_TEST(decode_jpeg(press.print("wxone", request)).ok);
  }
  request.line_color = {};
  BOOST_TEST(press.print("wxone", request) == first);
}

BOOST_AUTO_TEST_SUITE_END()
