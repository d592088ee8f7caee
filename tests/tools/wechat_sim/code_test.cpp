#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

struct paged_fixture : sim_fixture {
  static sim_settings paged() {
    auto settings = settings_of_two_apps();
    settings.pages = {"pages/a", "pages/b"};
    return settings;
  }
  paged_fixture()
      : sim_fixture(paged()) {}
};

struct limited_fixture : sim_fixture {
  static sim_settings limited() {
    auto settings = settings_of_two_apps();
    settings.limit_per_minute = 10;
    return settings;
  }
  limited_fixture()
      : sim_fixture(limited()) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(code_body_suite, paged_fixture)

BOOST_AUTO_TEST_CASE(every_check_has_its_code) {
  struct row {
    const char* body;
    int64_t code;
  };
  const row rows[] = {
      {"", 47001},
      {"scene=a&page=b", 47001},
      {R"(["a"])", 47001},
      {R"({"scene":"a","is_hyaline":1})", 47001},
      {R"({"scene":"a","width":"430"})", 47001},
      {R"({"scene":7})", 47001},
      {R"({"page":"pages/a"})", 40169},
      {R"({"scene":""})", 40169},
      {R"({"scene":"123456789012345678901234567890123"})", 40169},
      {R"({"scene":"12345678901234567890123456789012"})", 0},
      {R"({"scene":"a%20"})", 40129},
      {R"({"scene":"a b"})", 40129},
      {"{\"scene\":\"\xE4\xBD\xA0\"}", 40129},
      {R"({"scene":"!#$&'()*+,/:;=?@-._~"})", 0},
      {R"({"scene":"a","env_version":"beta"})", 40097},
      {R"({"scene":"a","line_color":{"r":"300"}})", 40097},
      {R"({"scene":"a","line_color":{"r":"10","g":20,"b":"30"}})", 0},
      {R"({"scene":"a","page":"pages/scancode_time"})", 85096},
      {R"({"scene":"a","page":"/pages/a"})", 41030},
      {R"({"scene":"a","page":"pages/a?x=1"})", 41030},
      {R"({"scene":"a","page":"pages/none"})", 41030},
      {R"({"scene":"a","page":"pages/none","check_path":false})", 0},
      {R"({"scene":"a","page":"pages/none","env_version":"trial"})", 0},
      {R"({"scene":"a","page":"pages/b"})", 0},
      {R"({"scene":"a"})", 0},
  };
  auto current = token();
  for (const auto& row : rows) BOOST_TEST(outcome(current, row.body) == row.code, row.body);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_first_is_told_first) {
  auto current = token();
  BOOST_TEST(outcome(current, R"({"scene":"%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%","env_version":"x"})") == 40169);
  BOOST_TEST(outcome(current, R"({"scene":"%","env_version":"x","page":"scancode_time"})") == 40129);
  BOOST_TEST(outcome(current, R"({"scene":"a","env_version":"x","page":"scancode_time"})") == 40097);
  BOOST_TEST(outcome(current, R"({"scene":"a","page":"/scancode_time"})") == 85096);
  BOOST_TEST(errcode(post("/wxa/getwxacodeunlimit", "")) == 41001);
  BOOST_TEST(errcode(get("/wxa/getwxacodeunlimit")) == 43002);
  BOOST_TEST(outcome("forged", "") == 40001);
  BOOST_TEST(set_fault(R"({"kind":"limit","per_minute":0})") == 200U);
  BOOST_TEST(outcome(current, "") == 45009);
  BOOST_TEST(outcome("forged", "") == 40001);
}

BOOST_AUTO_TEST_CASE(unreleased_pages_are_limited_in_number) {
  auto current = token();
  set_fault(R"({"kind":"limit","per_minute":1000000})");
  auto body = [](int i) {
    return R"({"scene":"a","check_path":false,"width":280,"page":"pages/)" + std::to_string(i) + "\"}";
  };
  for (int i = 0; i < 60'000; ++i) code(current, body(i));
  BOOST_TEST(outcome(current, body(60'000)) == 41030);
  BOOST_TEST(outcome(current, body(59'999)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(code_quota_suite, limited_fixture)

BOOST_AUTO_TEST_CASE(the_minute_slides) {
  auto current = token();
  for (int i = 0; i < 10; ++i, pass_s(3)) BOOST_TEST(outcome(current) == 0); // at 0, 3, ... 27 s
  BOOST_TEST(outcome(current) == 45009);
  pass_s(29); // 59 s
  BOOST_TEST(outcome(current) == 45009);
  pass_s(1); // the call at 0 s has left
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(outcome(current) == 45009);
}

BOOST_AUTO_TEST_CASE(refused_calls_are_not_charged_but_seen) {
  auto current = token();
  for (int i = 0; i < 25; ++i) outcome(current);
  auto seen = state_of(0);
  BOOST_TEST(seen.at("calls").as_int64() == 25);
  BOOST_TEST(seen.at("charged").as_int64() == 10);
  BOOST_TEST(seen.at("images").as_int64() == 10);
  BOOST_TEST(seen.at("busiest_60s").as_int64() == 25);
  BOOST_TEST(seen.at("charged_busiest_60s").as_int64() == 10);
  BOOST_TEST(seen.at("last_60s").as_int64() == 25);
  BOOST_TEST(seen.at("refused").at("45009").as_int64() == 15);
  BOOST_TEST(seen.at("scenes_repeated").as_int64() == 9);
  pass_s(60);
  BOOST_TEST(state_of(0).at("last_60s").as_int64() == 0);
  BOOST_TEST(state_of(0).at("busiest_60s").as_int64() == 25);
}

BOOST_AUTO_TEST_CASE(a_call_with_a_bad_body_is_charged) {
  auto current = token();
  for (int i = 0; i < 10; ++i) BOOST_TEST(outcome(current, "{}") == 40169);
  BOOST_TEST(outcome(current) == 45009);
}

BOOST_AUTO_TEST_CASE(the_code_and_the_text_of_the_limit_can_be_chosen) {
  auto current = token();
  set_fault(R"({"kind":"limit","per_minute":0,"code":45011})");
  auto answer = json(code(current, "{}"));
  BOOST_TEST(answer.at("errcode").as_int64() == 45011);
  BOOST_TEST(text(answer, "errmsg").starts_with("api minute-quota reach limit, must slower, retry next minute rid: "));
}

BOOST_AUTO_TEST_CASE(a_daily_limit) {
  set_fault(R"({"kind":"limit","per_minute":1000,"per_day":3})");
  auto current = token();
  for (int i = 0; i < 3; ++i) BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(text(json(code(current, "{}")), "errmsg").starts_with("reach max api daily quota limit rid: "));
}

BOOST_AUTO_TEST_CASE(one_app_does_not_use_up_the_others_quota) {
  auto current = token();
  for (int i = 0; i < 11; ++i) outcome(current);
  auto other =
      text(json(get("/cgi-bin/token?grant_type=client_credential&appid=wxtwo&secret=secret2")), "access_token");
  BOOST_TEST(outcome(other) == 0);
  BOOST_TEST(state_of(1).at("calls").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(quota_get_tells_what_is_used) {
  auto current = token();
  outcome(current);
  auto ask = [&](std::string_view path) {
    return json(post("/cgi-bin/openapi/quota/get?access_token=" + current, path));
  };
  auto answer = ask(R"({"cgi_path":"/wxa/getwxacodeunlimit"})");
  BOOST_TEST(answer.at("errcode").as_int64() == 0);
  BOOST_TEST(answer.at("quota").at("used").as_int64() == 1);
  BOOST_TEST(answer.at("quota").at("remain").as_int64() > 1000);
  BOOST_TEST(answer.at("rate_limit").at("call_count").as_int64() == 10);
  BOOST_TEST(answer.at("rate_limit").at("refresh_second").as_int64() == 60);
  BOOST_TEST(ask(R"({"cgi_path":"/wxa/none"})").at("errcode").as_int64() == 76021);
  BOOST_TEST(ask("").at("errcode").as_int64() == 44002);
  BOOST_TEST(ask("x").at("errcode").as_int64() == 47001);
  BOOST_TEST(errcode(post("/cgi-bin/openapi/quota/get", "{}")) == 41001);
}

BOOST_AUTO_TEST_SUITE_END()
