#include "actors/pool_stocker/image_check.hpp"

#include "tests/actors/pool_stocker/test_images.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>

using namespace qrwell;
using test::make_jpeg;
using test::make_png;

namespace {

bytes text(std::string_view s) {
  return {s.begin(), s.end()};
}

/// What a fresh check says of one image.
std::string fault_of(const bytes& image, image_check_config cfg = {}) {
  return std::string{image_check{cfg}.look(image).fault};
}

void put16(bytes& image, size_t at, uint16_t value) {
  image[at] = static_cast<uint8_t>(value >> 8);
  image[at + 1] = static_cast<uint8_t>(value);
}

size_t frame_header(const bytes& jpeg, uint8_t marker) {
  for (size_t i = 0; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == 0xff && jpeg[i + 1] == marker) return i;
  return 0;
}

} // namespace

BOOST_AUTO_TEST_SUITE(image_check_suite)

BOOST_AUTO_TEST_CASE(good_images_are_good) {
  image_check check{{}};
  auto jpeg = check.look(make_jpeg(430, 430, 1));
  BOOST_TEST(jpeg.fault == "");
  BOOST_TEST(jpeg.format == "jpeg");
  BOOST_TEST(jpeg.width == 430u);
  BOOST_TEST(jpeg.height == 430u);
  BOOST_TEST((jpeg.sha != digest{}));
  BOOST_TEST(check.look(make_jpeg(430, 430, 2, 80, true)).good());
  auto png = check.look(make_png(430, 430, 3));
  BOOST_TEST(png.fault == "");
  BOOST_TEST(png.format == "png");
  BOOST_TEST(check.look(make_png(430, 430, 4, true)).good());
  BOOST_TEST(fault_of(make_png(1280, 1280, 5)) == "too_large"); // noise compresses badly: the byte limit holds
  BOOST_TEST(fault_of(make_png(1280, 1280, 5), {.image_bytes_max = 16u << 20}) == "");
}

BOOST_AUTO_TEST_CASE(what_is_no_image_is_told_apart) {
  BOOST_TEST(fault_of({}) == "empty");
  BOOST_TEST(fault_of(text(R"({"errcode":45009,"errmsg":"reach max api daily quota limit"})")) == "mislabelled");
  BOOST_TEST(fault_of(text("<html>502 Bad Gateway</html>")) == "mislabelled");
  BOOST_TEST(fault_of(bytes(100, 0)) == "not_an_image");
  BOOST_TEST(fault_of(text("GIF89a\x01\x02")) == "not_an_image");
  BOOST_TEST(fault_of(make_jpeg(280, 280, 1), {.image_bytes_max = 1'024}) == "too_large");
}

BOOST_AUTO_TEST_CASE(a_cut_image_is_truncated_wherever_it_is_cut) {
  for (const auto& whole :
       {make_jpeg(280, 280, 1), make_jpeg(280, 280, 1, 90, true), make_png(280, 280, 1), make_png(280, 280, 1, true)})
    for (size_t size : {whole.size() - 2, whole.size() - 9, whole.size() * 3 / 4, whole.size() / 2, size_t{400}}) {
      bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      BOOST_TEST(fault_of(cut) == "truncated", fault_of(cut) << " at " << size << " of " << whole.size());
    }
}

BOOST_AUTO_TEST_CASE(damage_inside_is_noticed) {
  auto png = make_png(280, 280, 1);
  png[png.size() / 2] ^= 0x10;
  BOOST_TEST(fault_of(png) == "corrupt");
  auto jpeg = make_jpeg(280, 280, 1);
  // A stretch of zeros breaks the Huffman codes.
  std::fill_n(jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2), 200, uint8_t{0xff});
  BOOST_TEST(fault_of(jpeg) != "");
}

BOOST_AUTO_TEST_CASE(all_codes_of_a_generation_have_one_size) {
  image_check check{{}};
  BOOST_TEST(check.look(make_jpeg(430, 430, 1)).good());
  BOOST_TEST(check.look(make_jpeg(280, 280, 2)).fault == "wrong_size");
  BOOST_TEST(check.look(make_jpeg(430, 429, 3)).fault == "wrong_size");
  BOOST_TEST(check.look(make_jpeg(430, 430, 4)).good());
  check.forget_size();
  BOOST_TEST(check.look(make_jpeg(280, 280, 2)).good());
}

BOOST_AUTO_TEST_CASE(the_same_bytes_are_no_second_code) {
  image_check check{{}};
  BOOST_TEST(check.look(make_jpeg(280, 280, 1)).good());
  BOOST_TEST(check.look(make_jpeg(280, 280, 2)).good());
  BOOST_TEST(check.look(make_jpeg(280, 280, 1)).fault == "byte_equal");
}

BOOST_AUTO_TEST_CASE(memory_of_seen_images_is_bounded_and_keeps_the_newest) {
  seen_images seen{3};
  auto sha = [](uint8_t n) {
    digest d{};
    d[31] = n; // equal first bytes: all in one bucket
    return d;
  };
  for (uint8_t n = 1; n <= 3; ++n) BOOST_TEST(!seen.seen_before(sha(n)));
  BOOST_TEST(seen.seen_before(sha(1))); // asked for: 2 is the oldest now
  BOOST_TEST(!seen.seen_before(sha(4)));
  BOOST_TEST(seen.size() == 3u);
  BOOST_TEST(seen.seen_before(sha(1)));
  BOOST_TEST(!seen.seen_before(sha(2)));
}

BOOST_AUTO_TEST_CASE(sizes_that_would_cost_memory_are_refused_by_the_header) {
  auto jpeg = make_jpeg(280, 280, 1);
  auto at = frame_header(jpeg, 0xc0);
  BOOST_REQUIRE(at > 0);
  put16(jpeg, at + 5, 65'500);
  put16(jpeg, at + 7, 65'500);
  BOOST_TEST(fault_of(jpeg) == "too_many_pixels");
  auto png = make_png(280, 280, 1);
  put16(png, 16, 0x7000); // width 0x7000....: and the header's checksum is wrong now
  BOOST_TEST(fault_of(png) != "");
  BOOST_TEST(fault_of(make_png(2'100, 40, 1)) == "too_many_pixels");
  BOOST_TEST(fault_of(make_jpeg(40, 2'100, 1)) == "too_many_pixels");
}

BOOST_AUTO_TEST_CASE(a_file_of_endless_scans_is_refused) {
  auto jpeg = make_jpeg(64, 64, 1, 50, true);
  // The last scan again and again: each would cost a pass over the image.
  size_t scan = 0;
  for (size_t i = 0; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == 0xff && jpeg[i + 1] == 0xda) scan = i;
  bytes once(jpeg.begin() + static_cast<std::ptrdiff_t>(scan), jpeg.end() - 2);
  jpeg.resize(jpeg.size() - 2);
  while (jpeg.size() + once.size() < 900'000) jpeg.insert(jpeg.end(), once.begin(), once.end());
  jpeg.push_back(0xff);
  jpeg.push_back(0xd9);
  BOOST_TEST(fault_of(jpeg) != "");
}

BOOST_AUTO_TEST_CASE(no_damage_crashes_it) {
  std::mt19937 random{4711};
  std::vector<bytes> whole{make_jpeg(96, 96, 1), make_jpeg(96, 96, 2, 90, true), make_png(96, 96, 3),
                           make_png(96, 96, 4, true)};
  for (int round = 0; round < 4'000; ++round) {
    auto image = whole[random() % whole.size()];
    for (auto hits = 1 + random() % 8; hits > 0; --hits) {
      auto at = random() % (random() % 2 ? image.size() : std::min<size_t>(image.size(), 700)); // headers more often
      image[at] = static_cast<uint8_t>(random());
    }
    if (random() % 4 == 0) image.resize(random() % image.size());
    auto verdict = image_check{{}}.look(image);
    BOOST_REQUIRE(verdict.fault.size() < 20u);
  }
}

BOOST_AUTO_TEST_CASE(without_decoding_the_header_still_counts) {
  image_check_config cfg{.decode = false};
  auto whole = make_jpeg(280, 280, 1);
  bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2));
  BOOST_TEST(fault_of(cut, cfg) == "");
  BOOST_TEST(fault_of(make_jpeg(40, 2'100, 1), cfg) == "too_many_pixels");
}

BOOST_AUTO_TEST_CASE(cost_of_one_look) {
  std::vector<bytes> images;
  for (uint32_t seed = 0; seed < 50; ++seed) images.push_back(make_jpeg(430, 430, seed));
  image_check check{{}};
  auto begin = std::chrono::steady_clock::now();
  for (const auto& image : images) BOOST_REQUIRE(check.look(image).good());
  auto us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / 50;
  BOOST_TEST_MESSAGE("one 430 px JPEG of " << images[0].size() / 1'024 << " KiB: " << us << " us");
  BOOST_TEST(us < 50'000); // at 83 codes/s even that would show
}

BOOST_AUTO_TEST_SUITE_END()
