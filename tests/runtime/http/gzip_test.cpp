#include "runtime/http/gzip.hpp"

#include <boost/test/unit_test.hpp>

#include <zlib.h>

using namespace qrwell::http;

namespace {

std::string unpack(const std::string& packed, size_t bytes_max) {
  z_stream stream{};
  std::string out(bytes_max, '\0');
  BOOST_REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  BOOST_TEST(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gzip_suite)

BOOST_AUTO_TEST_CASE(who_wants_gzip_says_so_by_its_weights) {
  for (auto yes : {"gzip", "GZip", "x-gzip", "deflate, gzip", "gzip;q=0.5", "gzip; q=1.000", "*", "br, *;q=0.1",
                   "gzip, identity;q=0.9", "identity;q=0.5, gzip;q=0.5", "gzip;Q=0.001", ", ,gzip"})
    BOOST_TEST(wants_gzip(yes), yes);
  for (auto no : {"", "identity", "deflate", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzip;q=x",
                  "gzip;q=0.0001", "gzip;q=2", "gzip;level=1", "identity, gzip;q=0.5", "gzipped", "g zip", ";", "q=1"})
    BOOST_TEST(!wants_gzip(no), no);
}

BOOST_AUTO_TEST_CASE(what_was_packed_is_unpacked) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "{\"id\":\"" + std::to_string(i * 7'919) + "\"},";
  auto packed = gzip(text);
  BOOST_TEST(packed.size() * 3 < text.size());
  BOOST_TEST(unpack(packed, text.size()) == text);
}

BOOST_AUTO_TEST_CASE(what_would_not_shrink_stays) {
  std::string noise;
  uint32_t x = 1;
  for (int i = 0; i < 2'000; ++i) noise += static_cast<char>((x = x * 1'664'525 + 1'013'904'223) >> 24);
  BOOST_TEST(gzip(noise).empty());
  BOOST_TEST(gzip("").empty());
}

BOOST_AUTO_TEST_CASE(only_bodies_of_a_middling_size_are_worth_it) {
  BOOST_TEST(!worth_gzip(std::string(gzip_bytes_min - 1, 'a')));
  BOOST_TEST(worth_gzip(std::string(gzip_bytes_min, 'a')));
  BOOST_TEST(worth_gzip(std::string(gzip_bytes_max, 'a')));
  BOOST_TEST(!worth_gzip(std::string(gzip_bytes_max + 1, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
