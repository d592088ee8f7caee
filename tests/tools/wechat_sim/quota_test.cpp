#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

struct quota_fixture : sim_fixture {
  quota_fixture()
      : sim_fixture(daily()) {}

  static sim_settings daily() {
    auto settings = settings_of_two_apps();
    settings.limit_per_day = 2;
    return settings;
  }

  int64_t call(const std::string& path, std::string_view body) {
    return errcode(post(path + "?access_token=" + current, body));
  }
  static int64_t errcode(const sim_answer& answer) { return boost::json::parse(*answer.body).at("errcode").as_int64(); }
  int64_t used() {
    auto answer = post("/cgi-bin/openapi/quota/get?access_token=" + current, path_of_codes);
    return json(answer).at("quota").at("used").to_number<int64_t>();
  }

  std::string current = token();
  static constexpr std::string_view path_of_codes = R"({"cgi_path":"/wxa/getwxacodeunlimit"})";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(quota_suite, quota_fixture)

BOOST_AUTO_TEST_CASE(clear_quota_resets_the_days_counts_ten_times_a_month) {
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(outcome(current) == 0);
    BOOST_TEST(outcome(current) == 0);
    BOOST_TEST(outcome(current) == 45009);
    BOOST_TEST(used() == 2);
    BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxone"})") == 0);
    BOOST_TEST(used() == 0);
  }
  auto answer = post("/cgi-bin/clear_quota?access_token=" + current, R"({"appid":"wxone"})");
  BOOST_TEST(errcode(answer) == 48006);
  BOOST_TEST(text(json(answer), "errmsg").starts_with("forbid to clear quota because of reaching the limit rid: "));
  pass_s(31 * 86400);
  current = token();
  BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxone"})") == 0);
}

BOOST_AUTO_TEST_CASE(clear_quota_by_secret_counts_to_the_same_ten_and_needs_no_token) {
  auto clear = [&](std::string_view body) { return errcode(post("/cgi-bin/clear_quota/v2", body)); };
  BOOST_TEST(clear("") == 41002);
  BOOST_TEST(clear(R"({"appid":"wxnone"})") == 40013);
  BOOST_TEST(clear(R"({"appid":"wxone"})") == 41004);
  BOOST_TEST(clear(R"({"appid":"wxone","appsecret":"secret2"})") == 40125);
  for (int i = 0; i < 9; ++i) BOOST_TEST(clear(R"({"appid":"wxone","appsecret":"secret1"})") == 0);
  BOOST_TEST(errcode(post("/cgi-bin/clear_quota/v2?appid=wxone&appsecret=secret1", "")) == 0);
  BOOST_TEST(clear(R"({"appid":"wxone","appsecret":"secret1"})") == 48006);
  BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxone"})") == 48006);
  BOOST_TEST(clear(R"({"appid":"wxtwo","appsecret":"secret2"})") == 0);
}

BOOST_AUTO_TEST_CASE(clear_of_one_path_is_fifty_times_a_month) {
  outcome(current);
  for (int i = 0; i < 50; ++i) BOOST_TEST(call("/cgi-bin/openapi/quota/clear", path_of_codes) == 0);
  BOOST_TEST(used() == 0);
  BOOST_TEST(call("/cgi-bin/openapi/quota/clear", path_of_codes) == 45009);
}

BOOST_AUTO_TEST_CASE(a_clear_does_not_touch_the_minute) {
  set_fault(R"({"kind":"limit","per_minute":1,"per_day":0})");
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxone"})") == 0);
  BOOST_TEST(outcome(current) == 45009);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_quota_call) {
  for (const char* path : {"/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/quota/clear", "/cgi-bin/clear_quota"}) {
    BOOST_TEST(errcode(get(path)) == 43002, path);
    BOOST_TEST(errcode(post(path, "{}")) == 41001, path);
    BOOST_TEST(errcode(post(std::string{path} + "?access_token=forged", "{}")) == 40001, path);
    BOOST_TEST(call(path, "") == 44002, path);
    BOOST_TEST(call(path, "appid=wxone") == 47001, path);
  }
  BOOST_TEST(call("/cgi-bin/openapi/quota/get", R"({"cgi_path":"wxa/getwxacodeunlimit"})") == 76021);
  BOOST_TEST(call("/cgi-bin/openapi/quota/clear", R"({"cgi_path":"/wxa/none"})") == 76021);
  BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxtwo"})") == 40013);
  pass_s(7200);
  BOOST_TEST(call("/cgi-bin/clear_quota", R"({"appid":"wxone"})") == 42001);
}

BOOST_AUTO_TEST_SUITE_END()
