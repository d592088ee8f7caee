#include "runtime/http/params.hpp"

#include "messages/errors.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

http::target target_of(const std::string& query) {
  auto out = http::parse_target("/v1/x?" + query);
  BOOST_REQUIRE(out);
  return *out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(params_suite)

BOOST_AUTO_TEST_CASE(a_limit_is_a_whole_number_from_1_to_the_most_of_its_call) {
  BOOST_TEST(*http::read_limit(target_of("other=1"), 100, 500) == 100u);
  BOOST_TEST(*http::read_limit(target_of("limit=1"), 100, 500) == 1u);
  BOOST_TEST(*http::read_limit(target_of("limit=500"), 100, 500) == 500u);
  for (auto* text :
       {"", "0", "501", "-1", "+1", "1.5", "1e2", "0x10", " 1", "ten", "4294967297", "99999999999999999999"}) {
    auto read = http::read_limit(target_of(std::string("limit=") + text), 100, 500);
    BOOST_REQUIRE_MESSAGE(!read, text);
    BOOST_TEST((code_of(read.error()) == ec::invalid_request));
    BOOST_TEST(sentence_of(read.error()) == "limit: must be a whole number from 1 to 500");
  }
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_misspelt_or_sent_twice_is_named) {
  BOOST_TEST(!check_params(target_of("limit=1&before=2"), {"limit", "before"}));
  BOOST_TEST(sentence_of(check_params(target_of("limits=1"), {"limit", "before"})) ==
             "limits: not a parameter of this call; these are limit, before");
  BOOST_TEST(sentence_of(check_params(target_of("limit=1&limit=2"), {"limit"})) ==
             "limit: was sent twice; send it once");
  BOOST_TEST(sentence_of(check_params(target_of("x=1"), {})) == "x: this call has no parameters");
}

BOOST_AUTO_TEST_SUITE_END()
