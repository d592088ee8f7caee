#include "runtime/codes/code_json.hpp"

#include "runtime/http/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
namespace json = boost::json;

namespace {

code_view sample() {
  code_view c;
  c.id = "aAbCdEfGhIjKlMnOpQrS";
  c.pool = "default";
  c.gen_id = 3;
  c.state = code_state::bound;
  c.version = 2;
  c.owner = "web";
  c.path = "pages/\"house\"";
  c.query = R"({"id":5,"b":"x"})";
  c.tags = R"(["a","b"])";
  c.bound_ms = 1'800'000'000'123;
  c.image_format = "jpeg";
  c.image_bytes = 77;
  return c;
}

json::object render(const code_view& code, const code_context& context) {
  std::string text;
  append_code_json(text, code, context);
  auto value = http::parse_json(text);
  BOOST_REQUIRE_MESSAGE(value, text);
  return value->as_object();
}

std::string names(const json::object& o) {
  std::string out;
  for (const auto& m : o) out += std::string(m.key()) + " ";
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(code_json)

BOOST_AUTO_TEST_CASE(an_answer_of_issue_has_exactly_its_fields) {
  auto o = render(sample(), {"https://qr.example.com", 1'800'000'000'200, "stock"});
  BOOST_TEST(names(o) == "id pool kind state version path query tags image_url rung created_at expires_at ");
  BOOST_TEST(o["kind"].as_string() == "wxacode");
  BOOST_TEST(o["state"].as_string() == "bound");
  BOOST_TEST(o["version"].as_int64() == 2);
  BOOST_TEST(o["path"].as_string() == "pages/\"house\"");
  BOOST_TEST(json::serialize(o["query"]) == R"({"id":5,"b":"x"})");
  BOOST_TEST(json::serialize(o["tags"]) == R"(["a","b"])");
  BOOST_TEST(o["image_url"].as_string() == "https://qr.example.com/v1/codes/aAbCdEfGhIjKlMnOpQrS/image");
  BOOST_TEST(o["rung"].as_string() == "stock");
  BOOST_TEST(o["created_at"].as_string() == "2027-01-15T08:00:00.123Z");
  BOOST_TEST(o["expires_at"].is_null());
}

BOOST_AUTO_TEST_CASE(a_link_code_says_what_is_to_be_printed) {
  auto c = sample();
  c.kind = code_kind::link;
  c.link_prefix = "https://q.example.cn/";
  auto o = render(c, {"https://qr.example.com", 0, "link"});
  BOOST_TEST(names(o) == "id pool kind state version path query tags image_url scan_url rung created_at expires_at ");
  BOOST_TEST(o["kind"].as_string() == "link");
  BOOST_TEST(o["scan_url"].as_string() == "https://q.example.cn/aAbCdEfGhIjKlMnOpQrS");
  BOOST_TEST(o["image_url"].as_string() == "https://qr.example.com/v1/codes/aAbCdEfGhIjKlMnOpQrS/image");
}

BOOST_AUTO_TEST_CASE(absent_things_are_null_or_empty) {
  auto c = sample();
  c.query = c.tags = "";
  auto o = render(c, {"https://q", 0});
  BOOST_TEST(o["query"].is_null());
  BOOST_TEST(o["tags"].as_array().empty());
  BOOST_TEST(!o.contains("rung"));
}

BOOST_AUTO_TEST_CASE(expired_is_derived_from_the_clock) {
  auto c = sample();
  c.expires_ms = 1'000;
  BOOST_TEST(state_word(c, 999) == "bound");
  BOOST_TEST(state_word(c, 1'000) == "expired");
  c.state = code_state::revoked;
  BOOST_TEST(state_word(c, 1'000) == "revoked");
  c.state = code_state::dead;
  BOOST_TEST(state_word(c, 1'000) == "dead");
  c.state = code_state::stocked;
  BOOST_TEST(state_word(c, 1'000) == "stocked");
}

BOOST_AUTO_TEST_CASE(history_tells_the_former_end_as_a_time) {
  code_view code;
  code.id = "x";
  code_record record;
  record.found = true;
  record.history = {{2, "extend", 1'800'000'000'000, "web", "r", R"({"path":"p","expires_ms":1800000000123})"},
                    {3, "extend", 1'800'000'000'000, "web", "r", R"({"expires_ms":null})"}};
  code_context context;
  context.record = &record;
  std::string out;
  append_code_json(out, code, context);
  BOOST_TEST(out.find(R"("change":{"path":"p","expires_at":"2027-01-15T08:00:00.123Z"})") != out.npos, out);
  BOOST_TEST(out.find(R"("change":{"expires_at":null})") != out.npos, out);
  BOOST_TEST(out.find("expires_ms") == out.npos);
}

BOOST_AUTO_TEST_CASE(everything_known_has_counts_and_history) {
  code_record record;
  record.code = sample();
  record.history = {{1, "bind", 1'800'000'000'123, "web", "r1", ""},
                    {2, "retarget", 1'800'000'000'456, "web", "r2", R"({"path":"p"})"}};
  record.scans = {{record.code.id, 1047, 4}, {record.code.id, 1011, 3}};
  code_context context{"https://q", 0};
  context.record = &record;
  auto o = render(record.code, context);
  BOOST_TEST(o["url"].as_string() == "pages/\"house\"?id=5&b=x");
  BOOST_TEST(o["owner"].as_string() == "web");
  BOOST_TEST(o["scans"].as_object()["total"].as_int64() == 7);
  BOOST_TEST(o["scans"].as_object()["by_launch"].as_object()["1047"].as_int64() == 4);
  BOOST_TEST(o["history"].as_array().size() == 2u);
  BOOST_TEST(o["history"].as_array()[0].as_object()["change"].is_null());
  BOOST_TEST(o["history"].as_array()[1].as_object()["change"].as_object()["path"].as_string() == "p");
  BOOST_TEST(o["image"].as_object()["type"].as_string() == "image/jpeg");
}

BOOST_AUTO_TEST_SUITE_END()
