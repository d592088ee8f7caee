#include "runtime/qr/link_code.hpp"
#include "runtime/qr/link_text.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fstream>

using namespace qrwell;

namespace {

const std::string id = "aBcDeFgHiJ0123456789";
const std::string small = "https://q.example.cn/" + id; // 21 + 20 bytes

void write_file(const std::string& file, const void* data, size_t size) {
  std::ofstream out(file, std::ios::binary);
  out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}

std::string output_of(const std::string& command) {
  std::string out;
  auto* pipe = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe);
  char buffer[512];
  while (auto n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  BOOST_TEST(::pclose(pipe) == 0, command);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

/// What zbar, a decoder that is not ours, reads.
std::string decoded(const std::string& file) {
  return output_of("zbarimg --quiet --raw -Sdisable -Sqrcode.enable " + file + " 2>/dev/null");
}

} // namespace

BOOST_AUTO_TEST_SUITE(link_codes)

BOOST_AUTO_TEST_CASE(a_decoder_reads_the_png_at_every_width) {
  test::temp_dir dir;
  for (uint32_t width : {100u, 280u, 430u, 1'280u}) {
    auto png = link_code_png(small, width);
    BOOST_REQUIRE(png);
    write_file(dir / "code.png", png->data(), png->size());
    BOOST_TEST(decoded(dir / "code.png") == small, "width " << width);
  }
}

BOOST_AUTO_TEST_CASE(a_decoder_reads_the_svg_when_it_is_drawn) {
  test::temp_dir dir;
  auto svg = link_code_svg(small, 430);
  BOOST_REQUIRE(svg);
  write_file(dir / "code.svg", svg->data(), svg->size());
  output_of("rsvg-convert -o " + (dir / "drawn.png") + " " + (dir / "code.svg"));
  BOOST_TEST(decoded(dir / "drawn.png") == small);
}

BOOST_AUTO_TEST_CASE(a_prefix_of_22_bytes_keeps_the_symbol_at_version_3) {
  auto link = [](size_t prefix) { return "https://" + std::string(prefix - 8, 'x') + id; };
  BOOST_TEST(*link_code_modules(link(link_prefix_bytes_small)) == 29u);
  BOOST_TEST(*link_code_modules(link(link_prefix_bytes_small + 1)) == 33u);
}

BOOST_AUTO_TEST_CASE(a_width_out_of_range_names_the_range) {
  for (uint32_t width : {0u, 36u, 99u, 4'097u}) {
    auto png = link_code_png(small, width);
    BOOST_REQUIRE(!png);
    BOOST_TEST(sentence_of(png.error()).find("100 to 4096 pixels") != std::string::npos, sentence_of(png.error()));
    BOOST_TEST(!link_code_svg(small, width));
  }
  BOOST_TEST(!link_code_png(std::string(3'000, 'x'), 430));
}

BOOST_AUTO_TEST_CASE(the_id_of_a_link_is_found_however_the_link_was_handed_over) {
  for (auto* q :
       {"https://q.example.cn/aBcDeFgHiJ0123456789", "https%3A%2F%2Fq.example.cn%2FaBcDeFgHiJ0123456789",
        "https%253A%252F%252Fq.example.cn%252FaBcDeFgHiJ0123456789", "https://q.example.cn/q/aBcDeFgHiJ0123456789/",
        "https://q.example.cn/aBcDeFgHiJ0123456789?from=x", "HTTPS://Q.EXAMPLE.CN/aBcDeFgHiJ0123456789#top",
        "https://old.example.cn/?c=aBcDeFgHiJ0123456789", "https://old.example.cn/?c=aBcDeFgHiJ0123456789&from=x",
        "aBcDeFgHiJ0123456789", "https://q.example.cn/aBcDeFgHiJ0123456789?from=zzzzzzzzzzzzzzzzzzzz"})
    BOOST_TEST(id_of_link(q).value_or("none") == id, q);
}

BOOST_AUTO_TEST_CASE(a_link_without_an_id_has_none) {
  for (auto* q : {"", "https://q.example.cn/", "https://q.example.cn/short", "aBcDeFgHiJ012345678", "%", "%zz",
                  "https://q.example.cn/aBcDeFgHiJ01234567.9", "https://q.example.cn/xaBcDeFgHiJ0123456789"})
    BOOST_TEST(!id_of_link(q), q);
}

BOOST_AUTO_TEST_SUITE_END()
