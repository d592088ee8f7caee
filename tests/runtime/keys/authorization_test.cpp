#include "runtime/keys/authorization.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(authorization_suite)

BOOST_AUTO_TEST_CASE(a_token_stands_behind_its_scheme_in_any_case) {
  for (auto* field : {"Bearer abc", "bearer abc", "BEARER   abc", " Bearer abc\t"})
    BOOST_TEST(bearer_token(field) == "abc");
  for (auto* field : {"", " ", "Bearer", "Bearer ", "Bearerabc", "Basic abc", "abc", "Bearer\tabc"})
    BOOST_TEST(bearer_token(field) == "", field);
}

BOOST_AUTO_TEST_CASE(the_operators_token_is_this_one_and_no_part_of_it) {
  const secret token("0123456789abcdef");
  BOOST_TEST(is_operator_token(secret("Bearer 0123456789abcdef"), token));
  BOOST_TEST(is_operator_token(secret("bearer 0123456789abcdef"), token), "schemes ignore case, as for keys");
  for (auto* field : {"", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef", "Bearer 0123456789abcde",
                      "Bearer 0123456789abcdefg", "Bearer 0123456789abcdeF"})
    BOOST_TEST(!is_operator_token(secret(field), token), field);
}

BOOST_AUTO_TEST_CASE(where_no_operators_token_is_set_nothing_is_one) {
  for (auto* field : {"", "Bearer", "Bearer ", "Bearer x"})
    BOOST_TEST(!is_operator_token(secret(field), secret("")), field);
}

BOOST_AUTO_TEST_SUITE_END()
