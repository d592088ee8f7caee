#include "runtime/ids/base64url.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(base64url)

BOOST_AUTO_TEST_CASE(bytes_come_back_as_they_were) {
  std::string all;
  for (int c = 0; c < 256; ++c) {
    BOOST_TEST((from_base64url(to_base64url(all)) == all));
    all += static_cast<char>(c);
  }
  BOOST_TEST(to_base64url("\xfb\xff") == "-_8");
}

BOOST_AUTO_TEST_CASE(only_what_would_have_been_written_is_read) {
  for (auto text : {"A", "-_9", "-_8=", "+/8", "AA A", "AAAAA"}) BOOST_TEST(!from_base64url(text), text);
  BOOST_TEST(from_base64url("")->empty());
}

BOOST_AUTO_TEST_SUITE_END()
