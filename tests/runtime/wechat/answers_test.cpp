#include "runtime/wechat/answers.hpp"
#include "runtime/wechat/calls.hpp"
#include "runtime/wechat/redact.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace qrwell;
using namespace qrwell::wechat;

namespace {

http_outcome answer(std::string_view body, std::string type = "application/json; encoding=utf-8",
                    uint32_t status = 200) {
  http_outcome how;
  how.status = status;
  how.content_type = std::move(type);
  how.body.assign(body.begin(), body.end());
  how.any_byte_written = true;
  return how;
}

constexpr std::string_view invalid_page =
    R"({"errcode":41030,"errmsg":"invalid page rid: 669e174a-0a1b2c3d-4e5f6071"})";

} // namespace

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(an_image_is_known_by_its_bytes_whatever_its_label) {
  for (auto* label : {"image/jpeg", "image/png", "application/json", "text/plain", ""})
    for (auto body : {std::string_view("\xff\xd8\xff\xe0 JFIF"), std::string_view("\x89PNG\r\n")}) {
      auto code = read_code("id7", answer(body, label));
      BOOST_TEST((code.outcome == fetch_outcome::image), label);
      BOOST_TEST(code.id == "id7");
      BOOST_TEST(code.image.size() == body.size());
    }
}

BOOST_AUTO_TEST_CASE(an_error_is_known_by_its_bytes_whatever_its_label) {
  for (auto* label : {"application/json; encoding=utf-8", "text/plain", "image/jpeg", ""}) {
    auto code = read_code("id", answer(invalid_page, label));
    BOOST_TEST((code.outcome == fetch_outcome::refused), label);
    BOOST_TEST(code.errcode == 41030);
    BOOST_TEST(code.detail == "invalid page rid: 669e174a-0a1b2c3d-4e5f6071");
    BOOST_TEST(code.image.empty());
  }
  BOOST_TEST(read_code("id", answer(" \r\n{\"errcode\":-1,\"errmsg\":\"system error\"}")).errcode == -1);
  BOOST_TEST(read_code("id", answer(R"({"errcode":40001})", "image/jpeg", 403)).errcode == 40001);
}

BOOST_AUTO_TEST_CASE(what_is_neither_is_no_answer) {
  for (auto& how : {answer("", "image/jpeg"), answer("<html>", "text/html"), answer("{", "application/json"),
                    answer("{}", "application/json"), answer(R"({"errcode":0,"errmsg":"ok"})"),
                    answer(R"({"errcode":"what"})"), answer(R"({"errcode":1e99})"), answer("[1]"),
                    answer("\xff\xd8", "image/jpeg"), answer(std::string(70'000, '{')),
                    answer(std::string(1'000, '['), "application/json"), answer("\xff\xd8\xff", "image/jpeg", 500),
                    answer("\xff\xd8\xff", "image/jpeg", 404), answer(invalid_page, "application/json", 502)}) {
    auto code = read_code("id", http_outcome(how));
    BOOST_TEST((code.outcome == fetch_outcome::not_an_answer), code.detail);
    BOOST_TEST(code.errcode == 0);
    BOOST_TEST(!code.detail.empty());
  }
}

BOOST_AUTO_TEST_CASE(how_a_call_ended_says_whether_wechat_may_have_counted_it) {
  http_outcome how;
  how.curl = 7;
  BOOST_TEST((read_code("id", http_outcome(how)).outcome == fetch_outcome::never_written));
  how.curl = 28;
  BOOST_TEST((read_code("id", http_outcome(how)).outcome == fetch_outcome::never_written));
  how.any_byte_written = true;
  BOOST_TEST((read_code("id", http_outcome(how)).outcome == fetch_outcome::lost));
  how.curl = -1;
  how.any_byte_written = false;
  BOOST_TEST((read_code("id", http_outcome(how)).outcome == fetch_outcome::never_written));
  // A cut image is not an image, even if its first bytes came.
  auto cut = answer("\xff\xd8\xff", "image/jpeg");
  cut.curl = 18;
  BOOST_TEST((read_code("id", std::move(cut)).outcome == fetch_outcome::lost));
}

BOOST_AUTO_TEST_CASE(a_token_is_read_with_what_is_left_of_its_life) {
  auto token = read_token(answer(R"({"access_token":"82_abc-DEF_x","expires_in":345})"));
  BOOST_TEST((token.end == token_end::token));
  BOOST_TEST(token.value.reveal() == "82_abc-DEF_x");
  BOOST_TEST(token.expires_in_s == 345);
  BOOST_TEST(read_token(answer(R"({"access_token":"t","expires_in":-5})")).expires_in_s == 0);
  BOOST_TEST(read_token(answer(R"({"access_token":"t"})")).expires_in_s == 0);
  BOOST_TEST(read_token(answer(R"({"access_token":"t","expires_in":1e300})")).expires_in_s == 0);
}

BOOST_AUTO_TEST_CASE(nothing_else_is_taken_for_a_token) {
  for (auto* body :
       {"", "{}", R"({"expires_in":7200})", R"({"access_token":"","expires_in":7200})", R"({"access_token":7})",
        R"({"access_token":"two words"})", R"({"access_token":"line\nbreak"})", R"(["access_token"])", "<html>"})
    BOOST_TEST((read_token(answer(body)).end == token_end::failed), body);
  BOOST_TEST((read_token(answer(R"({"access_token":"t","expires_in":7200})", "application/json", 500)).end ==
              token_end::failed));
  auto refused = read_token(answer(R"({"errcode":40125,"errmsg":"invalid appsecret rid: 1"})"));
  BOOST_TEST((refused.end == token_end::refused));
  BOOST_TEST(refused.errcode == 40125);
}

BOOST_AUTO_TEST_CASE(every_code_has_a_kind_and_words) {
  BOOST_TEST((explain(-1).kind == refusal::busy));
  for (auto code : {40001, 40014, 42001, 41001}) BOOST_TEST((explain(code).kind == refusal::token));
  for (auto code : {45009, 45011, 44990, 45063}) BOOST_TEST((explain(code).kind == refusal::limit));
  BOOST_TEST((explain(41030).kind == refusal::page));
  for (auto code : {40097, 40129, 40169, 47001, 85096}) BOOST_TEST((explain(code).kind == refusal::arguments));
  for (auto code : {40164, 61004, 45035, 89503, 89506, 89507}) BOOST_TEST((explain(code).kind == refusal::address));
  for (auto code : {40013, 40125, 40243, 41002, 41004}) BOOST_TEST((explain(code).kind == refusal::credentials));
  for (auto code : {48001, 48004, 50002, 50004, 50007}) BOOST_TEST((explain(code).kind == refusal::account));
  BOOST_TEST((explain(99999).kind == refusal::unknown));
  BOOST_TEST(describe(40125, "invalid appsecret rid: 1")
                 .starts_with("40125 invalid appsecret rid: 1 (the AppSecret is wrong"));
}

BOOST_AUTO_TEST_CASE(a_code_call_says_everything_that_decides_how_a_code_looks) {
  code_spec spec;
  spec.page = "pages/qr/index";
  spec.red = 200;
  spec.hyaline = true;
  spec.check_path = false;
  auto call = code_call("https://api.weixin.qq.com", secret("a b+c/&=Z_9-~."), "0scene", spec);
  BOOST_TEST(call.url.reveal() ==
             "https://api.weixin.qq.com/wxa/getwxacodeunlimit?access_token=a%20b%2Bc%2F%26%3DZ_9-~.");
  auto expected = boost::json::parse(
      R"({"scene":"0scene","page":"pages/qr/index","check_path":false,"env_version":"release","width":430,
      "auto_color":false,"line_color":{"r":200,"g":0,"b":0},"is_hyaline":true})");
  BOOST_TEST((boost::json::parse(call.body.reveal()) == expected), call.body.reveal());
}

BOOST_AUTO_TEST_CASE(a_token_call_asks_for_the_stable_token_in_normal_mode_unless_forced) {
  auto call = token_call("http://127.0.0.1:1", "wx1", secret("s3cret"), false);
  BOOST_TEST(call.url.reveal() == "http://127.0.0.1:1/cgi-bin/stable_token");
  BOOST_TEST(call.urgent);
  auto expected =
      boost::json::parse(R"({"grant_type":"client_credential","appid":"wx1","secret":"s3cret","force_refresh":false})");
  BOOST_TEST((boost::json::parse(call.body.reveal()) == expected));
  BOOST_TEST(boost::json::parse(token_call("h", "wx1", secret("s"), true).body.reveal()).at("force_refresh").as_bool());
}

BOOST_AUTO_TEST_CASE(what_others_say_is_made_fit_for_a_log) {
  BOOST_TEST(printable("a\nb\x1b[31m\xff", 100) == "a?b?[31m?");
  BOOST_TEST(printable("abcdef", 3) == "abc...");
  BOOST_TEST(without("url ?t=LONGSECRET and LONGSECRET", secret("LONGSECRET")) == "url ?t=*** and ***");
  BOOST_TEST(without("short", secret("s")) == "short");
  BOOST_TEST(without_query("no access_token=12345678 here", secret("https://x/y?access_token=12345678")) ==
             "no *** here");
}

BOOST_AUTO_TEST_SUITE_END()
