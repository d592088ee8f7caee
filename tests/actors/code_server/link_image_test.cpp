#include "actors/code_server/link_image.hpp"

#include "runtime/qr/link_code.hpp"

#include "messages/errors.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

caf::expected<drawing> ask(const std::string& query, const std::string& accept = "") {
  return read_drawing(*http::parse_target("/v1/codes/x/image" + query), accept);
}

const std::string text = "https://q.example.cn/aBcDeFgHiJ0123456789";

caf::expected<std::string_view> draw(link_images& all, uint32_t width, int64_t now,
                                     drawn_format format = drawn_format::png, std::string_view peer = "::1") {
  drawing how{format, width};
  return all.draw(text, drawing_tag("aBcDeFgHiJ0123456789", how), how, peer, now);
}

} // namespace

BOOST_AUTO_TEST_SUITE(link_image)

BOOST_AUTO_TEST_CASE(format_and_width_are_read_and_accept_counts_without_a_format) {
  BOOST_TEST((ask("")->format == drawn_format::png));
  BOOST_TEST(ask("")->width_px == 430u);
  BOOST_TEST((ask("?format=svg&width=100")->format == drawn_format::svg));
  BOOST_TEST(ask("?width=4096")->width_px == 4'096u);
  BOOST_TEST((ask("", "image/svg+xml, */*")->format == drawn_format::svg));
  BOOST_TEST((ask("", "Image/SVG+XML")->format == drawn_format::svg));
  BOOST_TEST((ask("", "text/html, image/svg+xml;q=0.9")->format == drawn_format::svg));
  BOOST_TEST((ask("", "image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8")->format == drawn_format::png));
  BOOST_TEST((ask("", "image/svg+xml;q=0")->format == drawn_format::png));
  BOOST_TEST((ask("?format=png", "image/svg+xml")->format == drawn_format::png));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_drawn_is_refused_by_name) {
  for (auto* query : {"?format=jpeg", "?format=", "?format=PNG"})
    BOOST_TEST(sentence_of(ask(query).error()).starts_with("format: must be png or svg"), query);
  for (auto* query : {"?width=99", "?width=4097", "?width=", "?width=-1", "?width=430px", "?width=1e3",
                      "?width=99999999999999999999"})
    BOOST_TEST(sentence_of(ask(query).error()).find("width: must be a whole number of pixels from 100 to 4096") == 0u,
               query);
}

BOOST_AUTO_TEST_CASE(an_image_that_wechat_made_has_no_other_forms) {
  BOOST_TEST(!check_not_drawn(*http::parse_target("/v1/codes/x/image?v=2")));
  for (auto* query : {"?format=png", "?width=430"})
    BOOST_TEST((code_of(check_not_drawn(*http::parse_target(std::string("/x") + query))) == ec::invalid_request));
}

BOOST_AUTO_TEST_CASE(each_form_has_its_own_tag) {
  BOOST_TEST(drawing_tag("a", {drawn_format::png, 430}) == "\"a.png.430\"");
  BOOST_TEST(drawing_tag("a", {drawn_format::svg, 430}) == "\"a.svg.430\"");
}

BOOST_AUTO_TEST_CASE(what_was_drawn_is_not_drawn_again) {
  link_images all;
  auto first = std::string(*draw(all, 430, 0));
  BOOST_TEST(first.substr(1, 3) == "PNG");
  BOOST_TEST((*draw(all, 430, 0) == first));
  BOOST_TEST(all.drawn() == 1u);
  BOOST_TEST(draw(all, 430, 0, drawn_format::svg)->starts_with("<svg"));
  BOOST_TEST(all.drawn() == 2u);
}

BOOST_AUTO_TEST_CASE(only_so_many_bytes_are_kept_and_the_last_used_longest) {
  link_images all({.kept_bytes_max = 3'000});
  draw(all, 100, 0);
  for (uint32_t width = 200; width < 240; ++width) {
    draw(all, width, 0);
    draw(all, 100, 0);
    BOOST_TEST(all.kept_bytes() <= 3'000u);
  }
  BOOST_TEST(all.drawn() == 41u, "the one that is asked for again stayed");
}

BOOST_AUTO_TEST_CASE(past_the_work_of_a_second_it_is_overloaded_until_later) {
  link_images all({1 << 20, 10'000, 10'000, 0});
  uint32_t drawn = 0;
  while (drawn < 100 && draw(all, 300 + drawn, 5'000)) ++drawn;
  BOOST_TEST(drawn > 10u);
  BOOST_TEST(drawn < 33u);
  BOOST_TEST((code_of(draw(all, 1'000, 5'000).error()) == ec::overloaded));
  BOOST_TEST(bool(draw(all, 300, 5'000)), "what is kept costs nothing");
  BOOST_TEST(bool(draw(all, 1'000, 6'000)));
}

BOOST_AUTO_TEST_CASE(a_flood_of_widths_leaves_room_for_other_clients_and_for_the_usual_image) {
  link_images all({.kept_bytes_max = 3'000});
  auto flood = [&](const std::string& peer) {
    uint32_t drawn = 0;
    for (uint32_t width = 1'000; width < 1'300; ++width)
      drawn += bool(draw(all, width, 5'000, drawn_format::png, peer));
    return drawn;
  };
  auto one = flood("10.0.0.1");
  BOOST_TEST(one > 10u);
  BOOST_TEST(one < 300u);
  BOOST_TEST(flood("10.0.0.2") == one, "another has one of its own");
  for (int i = 3; i < 20; ++i) flood("10.0.0." + std::to_string(i));
  BOOST_TEST(!draw(all, 1'500, 5'000, drawn_format::png, "10.0.0.99"));
  BOOST_TEST(bool(draw(all, link_width_default, 5'000, drawn_format::png, "10.0.0.99")));
}

BOOST_AUTO_TEST_SUITE_END()
