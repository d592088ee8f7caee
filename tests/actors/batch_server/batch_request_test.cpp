#include "actors/batch_server/batch_request.hpp"

#include "runtime/codes/issue_request.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t wall = 1'800'000'000'000;

caf::expected<std::vector<read_item>> read(std::string_view body, std::string_view key = "", size_t most = 500) {
  return read_batch(body, key, most, wall, {});
}

std::string complaint(std::string_view body, size_t most = 500) {
  auto got = read(body, "", most);
  BOOST_REQUIRE(!got);
  BOOST_TEST((code_of(got.error()) == ec::invalid_request));
  return sentence_of(got.error());
}

} // namespace

BOOST_AUTO_TEST_SUITE(batch_request_suite)

BOOST_AUTO_TEST_CASE(a_body_that_is_no_batch_is_refused_as_a_whole) {
  for (const auto* body : {"", "[]", "7", "{}", R"({"items":[]})", R"({"items":{}})", R"({"items":[{]})",
                           R"({"items":[{"path":"a"}],"pool":"x"})"})
    BOOST_TEST(!complaint(body).empty());
  BOOST_TEST(complaint(R"({"items":[{"path":"a"},{"path":"b"}]})", 1).find("1 to 1") != std::string::npos);
  BOOST_TEST(complaint(R"({"items":[{"path":"a"}],"pool":"x"})").find("'pool'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_item_that_is_wrong_spoils_no_other) {
  auto got = read(R"({"items":[{"path":"pages/a"},{"path":"/a"},7,{"path":"pages/b","idempotency_key":"a b"},)"
                  R"({"path":"pages/c","idempotency_key":null},{"path":"pages/d","query":{"x":1},"tags":["t"]}]})");
  BOOST_REQUIRE(got);
  BOOST_REQUIRE(got->size() == 6u);
  auto& items = *got;
  BOOST_TEST(!items[0].wrong);
  BOOST_TEST(items[0].asked.path == "pages/a");
  BOOST_TEST(items[0].asked.idempotency_key == "");
  BOOST_TEST((items[0].asked.body_hash == digest{}));
  for (auto i : {1, 2, 3, 4}) BOOST_TEST((code_of(items[i].wrong) == ec::invalid_request), i);
  BOOST_TEST(sentence_of(items[3].wrong).find("idempotency_key") != std::string::npos);
  BOOST_TEST(items[5].asked.query == R"({"x":1})");
  BOOST_TEST(items[5].asked.tags == R"(["t"])");
}

BOOST_AUTO_TEST_CASE(an_item_has_the_hash_of_the_single_request_without_its_key) {
  auto single = read_issue(R"({"query":{"b":1,"a":2},"path":"pages/a"})", wall, true, {}, target_limits{});
  auto got = read(R"({"items":[{"path":"pages/a","idempotency_key":"k","query":{"a":2,"b":1}}]})");
  BOOST_REQUIRE((single && got));
  BOOST_TEST(!got->front().wrong);
  BOOST_TEST(got->front().asked.idempotency_key == "k");
  BOOST_TEST((got->front().asked.body_hash == single->body_hash));
}

BOOST_AUTO_TEST_CASE(the_header_key_gives_each_item_a_key_of_its_own) {
  auto got =
      read(R"({"items":[{"path":"pages/a"},{"path":"pages/a","idempotency_key":"own"},{"path":"pages/b"}]})", "K");
  BOOST_REQUIRE(got);
  auto prefix = to_hex(sha256("K")).substr(0, 32);
  BOOST_TEST((*got)[0].asked.idempotency_key == prefix + ".0");
  BOOST_TEST((*got)[1].asked.idempotency_key == "own");
  BOOST_TEST((*got)[2].asked.idempotency_key == prefix + ".2");
  BOOST_TEST(((*got)[0].asked.body_hash != digest{}));
}

BOOST_AUTO_TEST_SUITE_END()
