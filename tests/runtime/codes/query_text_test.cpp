#include "runtime/codes/query_text.hpp"

#include "runtime/http/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

caf::expected<query_forms> read(const std::string& json) {
  return read_query(*http::parse_json(json));
}

} // namespace

BOOST_AUTO_TEST_SUITE(query_text)

BOOST_AUTO_TEST_CASE(an_object_keeps_its_order_and_is_encoded) {
  auto q = read(R"({ "z": "a b&c", "id": 1234567890123456, "ok": true, "r": 1.50, "名": "房/源" })");
  BOOST_REQUIRE(q);
  BOOST_TEST(q->as_sent == R"({"z":"a b&c","id":1234567890123456,"ok":true,"r":1.5,"名":"房/源"})");
  BOOST_TEST(q->encoded == "z=a%20b%26c&id=1234567890123456&ok=true&r=1.5&%E5%90%8D=%E6%88%BF%2F%E6%BA%90");
}

BOOST_AUTO_TEST_CASE(p5_a_number_that_readers_round_is_refused_for_two_bodies_would_have_one_hash) {
  for (auto text : {R"({"d":9007199254740993})", R"({"d":-9007199254740993})", R"({"d":18446744073709551615})",
                    R"({"d":123456789012345678901234567890})", R"({"d":1e300})"}) {
    auto q = read(text);
    BOOST_REQUIRE(!q);
    BOOST_TEST(render(q.error()).find("send it as a string") != std::string::npos);
  }
  BOOST_TEST(static_cast<bool>(read(R"({"d":9007199254740991})")));
}

BOOST_AUTO_TEST_CASE(what_is_stored_reads_back_as_itself) {
  for (auto text : {R"({"a":"\"\\\n\u0001é","b":-1,"c":false,"d":1e-300})", R"("a=1&b=%E6x y")", R"({})"}) {
    auto q = read(text);
    BOOST_REQUIRE(q);
    auto again = read(q->as_sent);
    BOOST_REQUIRE(again);
    BOOST_TEST(again->as_sent == q->as_sent);
    BOOST_TEST(again->encoded == q->encoded);
    BOOST_TEST(encoded_query(q->as_sent) == q->encoded);
  }
}

BOOST_AUTO_TEST_CASE(a_query_string_keeps_what_is_encoded_already) {
  auto q = read(R"("id=5&name=a%20b&bad=100%&x=é ")");
  BOOST_REQUIRE(q);
  BOOST_TEST(q->as_sent == R"("id=5&name=a%20b&bad=100%&x=é ")");
  BOOST_TEST(q->encoded == "id=5&name=a%20b&bad=100%25&x=%C3%A9%20");
}

BOOST_AUTO_TEST_CASE(other_values_are_refused_by_name) {
  for (auto text : {R"({"a":null})", R"({"a":[1]})", R"({"a":{"b":1}})", R"({"":1})", "5", "[]", "true", R"("?a=1")",
                    R"("a=1#b")"}) {
    auto q = read(text);
    BOOST_TEST(!q, text);
    if (!q) BOOST_TEST(sentence_of(q.error()).starts_with("query"));
  }
  BOOST_TEST(sentence_of(read(R"({"ok":1,"deep":{}})").error()).starts_with("query.deep:"));
}

BOOST_AUTO_TEST_CASE(the_limit_is_on_the_encoded_form) {
  BOOST_TEST(!!read("\"" + std::string(2'048, 'a') + "\""));
  BOOST_TEST(!read("\"" + std::string(2'049, 'a') + "\""));
  BOOST_TEST(!!read("{\"a\":\"" + std::string(682, ' ') + "\"}"));
  BOOST_TEST(!read("{\"a\":\"" + std::string(683, ' ') + "\"}"));
}

BOOST_AUTO_TEST_CASE(a_url_is_path_and_query) {
  BOOST_TEST(target_url("pages/a", "") == "pages/a");
  BOOST_TEST(target_url("pages/a", "{}") == "pages/a");
  BOOST_TEST(target_url("pages/a", R"({"b":1,"c":"d"})") == "pages/a?b=1&c=d");
  BOOST_TEST(target_url("pages/a", R"("x=1")") == "pages/a?x=1");
}

BOOST_AUTO_TEST_SUITE_END()
