#include "runtime/codes/issue_request.hpp"

#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t wall = 1'800'000'000'000; // 2027-01-15T08:00:00Z

caf::expected<issue_request> read(const std::string& body, bool with_hash = false) {
  return read_issue(body, wall, with_hash, {});
}

void refused(const std::string& body, const std::string& begins) {
  auto r = read(body);
  BOOST_TEST_CONTEXT(body) {
    BOOST_REQUIRE(!r);
    BOOST_TEST((code_of(r.error()) == ec::invalid_request));
    BOOST_TEST(sentence_of(r.error()).starts_with(begins), sentence_of(r.error()));
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(issue_request_suite)

BOOST_AUTO_TEST_CASE(the_least_is_a_path) {
  auto r = read(R"({"path":"pages/house/detail"})");
  BOOST_REQUIRE(r);
  BOOST_TEST(r->path == "pages/house/detail");
  BOOST_TEST(r->pool.empty());
  BOOST_TEST(r->query.empty());
  BOOST_TEST(r->tags.empty());
  BOOST_TEST(r->expires_ms == 0);
  BOOST_TEST(r->expires_after_s == 0u);
  BOOST_TEST(!r->on_empty);
  BOOST_TEST((r->body_hash == digest{}));
}

BOOST_AUTO_TEST_CASE(all_fields) {
  auto r = read(R"({"pool":"p","path":"a","query":{"b":1},"tags":["x","y\""],"expires_at":"2027-01-15T08:00:00.001Z",)"
                R"("on_empty":["live"],"reuse":false})");
  BOOST_REQUIRE(r);
  BOOST_TEST(r->pool == "p");
  BOOST_TEST(r->query == R"({"b":1})");
  BOOST_TEST(r->tags == R"(["x","y\""])");
  BOOST_TEST(r->expires_ms == wall + 1);
  BOOST_TEST(r->on_empty.value() == rung_live);
  BOOST_TEST(read(R"({"path":"a","expires_in":60})")->expires_after_s == 60u);
  BOOST_TEST(read(R"({"path":"a","on_empty":[]})")->on_empty.value() == 0);
  BOOST_TEST(read(R"({"path":"a","on_empty":["link"]})")->on_empty.value() == rung_link);
  BOOST_TEST(read(R"({"path":"a","on_empty":["link","live"]})")->on_empty.value() == (rung_link | rung_live));
}

BOOST_AUTO_TEST_CASE(null_is_as_if_left_out) {
  auto r =
      read(R"({"path":"a","query":null,"tags":null,"expires_at":null,"expires_in":null,"on_empty":null,"reuse":null})");
  BOOST_REQUIRE(r);
  BOOST_TEST(r->query.empty());
  BOOST_TEST(!r->on_empty);
}

BOOST_AUTO_TEST_CASE(the_path) {
  BOOST_TEST(!!read("{\"path\":\"" + std::string(512, 'a') + "\"}"));
  refused("{\"path\":\"" + std::string(513, 'a') + "\"}", "path:");
  for (auto body :
       {R"({})", R"({"path":""})", R"({"path":5})", R"({"path":null})", R"({"path":"/a"})", R"({"path":"a?b"})",
        R"({"path":"a\n"})", R"({"path":"a\u007f"})", R"({"path":"a#b"})", R"({"path":"a b"})", R"({"path":"a%20b"})",
        R"({"path":"a\\b"})", R"({"path":"a//b"})", R"({"path":"a/"})", R"({"path":"./a"})", R"({"path":"a/../../b"})"})
    refused(body, "path:");
}

BOOST_AUTO_TEST_CASE(the_other_fields_name_themselves) {
  refused(R"({"path":"a","query":5})", "query:");
  refused(R"({"path":"a","query":{"k":[]}})", "query.k:");
  refused(R"({"path":"a","pool":""})", "pool:");
  refused(R"({"path":"a","pool":5})", "pool:");
  refused(R"({"path":"a","tags":"x"})", "tags:");
  refused(R"({"path":"a","tags":["1","2","3","4","5","6","7","8","9"]})", "tags:");
  refused(R"({"path":"a","tags":["a",5]})", "tags[1]:");
  refused(R"({"path":"a","tags":[""]})", "tags[0]:");
  refused(R"({"path":"a","tags":["a","a"]})", "tags[1]:");
  refused(R"({"path":"a","tags":["a\n"]})", "tags[0]:");
  refused("{\"path\":\"a\",\"tags\":[\"" + std::string(33, 'x') + "\"]}", "tags[0]:");
  refused(R"({"path":"a","expires_at":"2027-01-15T08:00:00Z"})", "expires_at:"); // now is not the future
  refused(R"({"path":"a","expires_at":"tomorrow"})", "expires_at:");
  refused(R"({"path":"a","expires_at":5})", "expires_at:");
  refused(R"({"path":"a","expires_in":0})", "expires_in:");
  refused(R"({"path":"a","expires_in":-1})", "expires_in:");
  refused(R"({"path":"a","expires_in":1.5})", "expires_in:");
  refused(R"({"path":"a","expires_in":99999999999})", "expires_in:");
  refused(R"({"path":"a","expires_in":18446744073709551615})", "expires_in:");
  refused(R"({"path":"a","expires_in":5,"expires_at":"2028-01-01T00:00:00Z"})", "expires_at and expires_in");
  refused(R"({"path":"a","on_empty":"live"})", "on_empty:");
  refused(R"({"path":"a","on_empty":["lot"]})", "on_empty:");
  refused(R"({"path":"a","on_empty":["live","live"]})", "on_empty:");
  refused(R"({"path":"a","reuse":1})", "reuse:");
  refused(R"({"path":"a","colour":1})", "'colour'");
  refused(R"({"path":"a","path":"b"})", "JSON:");
  refused(R"([])", "The body");
  refused(R"({"path":)", "JSON:");
  refused("", "The body is empty");
}

BOOST_AUTO_TEST_CASE(the_hash_is_of_the_meaning) {
  auto a = read(R"({"path":"a","query":{"x":1,"y":2}})", true)->body_hash;
  BOOST_TEST((a == read(" { \"query\" : {\"y\":2.0,\"x\":1}, \"path\":\"\\u0061\" }", true)->body_hash));
  BOOST_TEST((a != read(R"({"path":"a","query":{"x":1,"y":3}})", true)->body_hash));
  BOOST_TEST((a == sha256(R"({"path":"a","query":{"x":1,"y":2}})")));
}

BOOST_AUTO_TEST_CASE(content_types) {
  for (auto type :
       {"application/json", "Application/JSON; charset=utf-8", " application/json ", "application/vnd.x+json"})
    BOOST_TEST(http::is_json_type(type), type);
  for (auto type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "+json"})
    BOOST_TEST(!http::is_json_type(type), type);
}

BOOST_AUTO_TEST_CASE(on_empty_is_a_part_of_the_pools_own_list) {
  struct row {
    std::optional<uint8_t> wanted;
    uint8_t allowed;
    std::string why;
  };
  const row rows[] = {
      {std::nullopt, 0, ""},
      {std::nullopt, rung_live, ""},
      {uint8_t{0}, 0, ""},
      {uint8_t{0}, rung_live, ""},
      {rung_live, rung_live, ""},
      {rung_live, rung_live | rung_link, ""},
      {rung_live, 0, "on_empty: \"live\" is not in the list of pool 'p', which is []"},
      {rung_link, rung_live, "on_empty: \"link\" is not in the list of pool 'p', which is [\"live\"]"},
      {uint8_t{rung_live | rung_link}, rung_live, "on_empty: \"link\" is not in the list"},
      {uint8_t{rung_live | rung_link}, 0, "on_empty: \"live\" is not in the list"},
  };
  for (const auto& r : rows) {
    auto err = check_on_empty(r.wanted, "p", r.allowed);
    BOOST_TEST(!err == r.why.empty());
    if (err) BOOST_TEST(sentence_of(err).starts_with(r.why), sentence_of(err));
  }
}

BOOST_AUTO_TEST_CASE(idempotency_keys) {
  BOOST_TEST(!check_idempotency_key("a"));
  BOOST_TEST(!check_idempotency_key(std::string(128, '~')));
  for (const auto& key :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("\xc3\xa9"), std::string("a\t")})
    BOOST_TEST(sentence_of(check_idempotency_key(key)).find("1 to 128 visible ASCII") != std::string::npos, key);
}

BOOST_AUTO_TEST_CASE(accepted_forms) {
  BOOST_TEST((wanted_by("") == wanted_form::json));
  BOOST_TEST((wanted_by("*/*") == wanted_form::json));
  BOOST_TEST((wanted_by("application/json") == wanted_form::json));
  BOOST_TEST((wanted_by("image/*") == wanted_form::any_image));
  BOOST_TEST((wanted_by("text/html, Image/JPEG;q=0.9") == wanted_form::jpeg));
  BOOST_TEST((wanted_by("image/png") == wanted_form::png));
  BOOST_TEST((wanted_by("image/png;q=0, */*") == wanted_form::json));
  BOOST_TEST((wanted_by("application/json, image/*") == wanted_form::json));
}

BOOST_AUTO_TEST_CASE(equal_targets_have_one_hash_for_reuse_and_others_have_none) {
  auto hash = [](const std::string& body) { return read_issue(body, wall, false, {})->reuse_hash; };
  auto one = hash(R"({"path":"a","query":{"x":1,"y":"2"},"reuse":true})");
  BOOST_TEST((one != digest{}));
  BOOST_TEST((one == hash(R"({"reuse":true,"query":{"y":"2","x":1.0},"path":"a","tags":["t"],"expires_in":5})")));
  BOOST_TEST((one != hash(R"({"path":"a","query":{"x":1,"y":"3"},"reuse":true})")));
  BOOST_TEST((one != hash(R"({"path":"b","query":{"x":1,"y":"2"},"reuse":true})")));
  BOOST_TEST((hash(R"({"path":"a","reuse":true})") == hash(R"({"path":"a","query":null,"reuse":true})")));
  BOOST_TEST((hash(R"({"path":"a","reuse":false})") == digest{}));
}

BOOST_AUTO_TEST_SUITE_END()
