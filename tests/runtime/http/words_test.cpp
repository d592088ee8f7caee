#include "runtime/http/words.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell::http;

BOOST_AUTO_TEST_SUITE(words_suite)

BOOST_AUTO_TEST_CASE(spaces_and_tabs_around_a_word_go_and_those_within_stay) {
  BOOST_TEST(trim(" \t a b\t ") == "a b");
  BOOST_TEST(trim("a") == "a");
  BOOST_TEST(trim(" \t ") == "");
  BOOST_TEST(trim("") == "");
  BOOST_TEST(trim("\na\r") == "\na\r");
}

BOOST_AUTO_TEST_CASE(words_are_the_same_in_any_case_of_ascii_and_no_further) {
  BOOST_TEST(same_word("Bearer", "bEARER"));
  BOOST_TEST(same_word("", ""));
  BOOST_TEST(!same_word("bytes", "byte"));
  BOOST_TEST(!same_word("byte", "bytes"));
  // One bit apart, as the cases of a letter are.
  BOOST_TEST(!same_word("@[", "`{"));
  BOOST_TEST(!same_word("\xc3\x84", "\xc3\xa4"));
}

BOOST_AUTO_TEST_SUITE_END()
