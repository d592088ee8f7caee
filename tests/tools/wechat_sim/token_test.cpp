#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

std::string token_of(const boost::json::value& answer) {
  return sim_fixture::text(answer, "access_token");
}

int64_t life_of(const boost::json::value& answer) {
  return answer.at("expires_in").as_int64();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(token_suite, sim_fixture)

BOOST_AUTO_TEST_CASE(each_ordinary_call_gives_a_new_token_and_the_old_one_lives_five_minutes_more) {
  auto first = token_of(ordinary());
  BOOST_TEST(first.size() == 157U);
  auto second = ordinary();
  BOOST_TEST(life_of(second) == 7200);
  BOOST_TEST(token_of(second) != first);
  pass_s(299);
  BOOST_TEST(outcome(first) == 0);
  pass_s(1);
  BOOST_TEST(outcome(first) == 40001);
  BOOST_TEST(outcome(token_of(second)) == 0);
}

BOOST_AUTO_TEST_CASE(the_stable_token_stays_and_its_remaining_life_shrinks) {
  auto first = stable();
  pass_s(100);
  auto second = stable();
  BOOST_TEST(token_of(first) == token_of(second));
  BOOST_TEST(life_of(first) == 7200);
  BOOST_TEST(life_of(second) == 7100);
}

BOOST_AUTO_TEST_CASE(the_stable_token_rotates_five_minutes_before_its_end) {
  auto first = token_of(stable());
  pass_s(7200 - 301);
  BOOST_TEST(token_of(stable()) == first);
  BOOST_TEST(life_of(stable()) == 301);
  pass_s(2);
  auto second = stable();
  BOOST_TEST(token_of(second) != first);
  BOOST_TEST(life_of(second) == 7200);
  pass_s(299);
  BOOST_TEST(outcome(first) == 0);
  pass_s(1);
  BOOST_TEST(outcome(first) == 40001);
}

BOOST_AUTO_TEST_CASE(a_token_that_ends_by_age_is_expired) {
  auto one = token_of(ordinary());
  auto other = token_of(stable());
  pass_s(7200);
  BOOST_TEST(outcome(one) == 42001);
  BOOST_TEST(outcome(other) == 42001);
  stable();
  BOOST_TEST(outcome(other) == 42001);
}

BOOST_AUTO_TEST_CASE(a_forced_refresh_kills_the_old_stable_token_at_once) {
  auto first = token_of(stable());
  auto second = token_of(stable(true));
  BOOST_TEST(first != second);
  BOOST_TEST(outcome(first) == 40001);
  BOOST_TEST(outcome(second) == 0);
}

BOOST_AUTO_TEST_CASE(forced_refreshes_within_thirty_seconds_change_nothing) {
  auto first = token_of(stable(true));
  pass_s(29);
  BOOST_TEST(token_of(stable(true)) == first);
  pass_s(1);
  BOOST_TEST(token_of(stable(true)) != first);
}

BOOST_AUTO_TEST_CASE(twenty_forced_refreshes_a_day) {
  std::string last;
  for (int i = 0; i < 20; ++i, pass_s(30)) {
    auto next = token_of(stable(true));
    BOOST_TEST(next != last);
    last = next;
  }
  BOOST_TEST(token_of(stable(true)) == last);
  pass_s(86400);
  BOOST_TEST(token_of(stable(true)) != last);
}

BOOST_AUTO_TEST_CASE(the_two_kinds_do_not_touch_each_other) {
  auto kept_stable = token_of(stable());
  ordinary();
  ordinary();
  pass_s(301);
  BOOST_TEST(outcome(kept_stable) == 0);
  auto kept_ordinary = token_of(ordinary());
  stable(true);
  BOOST_TEST(outcome(kept_ordinary) == 0);
}

BOOST_AUTO_TEST_CASE(credentials_are_checked_appid_first) {
  auto code_of = [&](std::string_view query) { return errcode(get("/cgi-bin/token?" + std::string{query})); };
  BOOST_TEST(code_of("") == 41002);
  BOOST_TEST(code_of("appid=wxnone") == 40013);
  BOOST_TEST(code_of("appid=wxone&secret=secret1") == 40002);
  BOOST_TEST(code_of("appid=wxone&grant_type=client_credential") == 41004);
  BOOST_TEST(code_of("appid=wxone&grant_type=client_credential&secret=secret2") == 40125);
  BOOST_TEST(errcode(get("/cgi-bin/stable_token")) == 43002);
  BOOST_TEST(errcode(post("/cgi-bin/token?appid=wxone", "")) == 43001);
  BOOST_TEST(errcode(post("/cgi-bin/stable_token", "appid=wxone")) == 47001);
  BOOST_TEST(errcode(post("/cgi-bin/stable_token", R"({"appid":"wxnone"})")) == 40013);
}

BOOST_AUTO_TEST_CASE(errors_have_the_text_and_the_rid_of_wechat) {
  auto answer = get("/cgi-bin/token?appid=wxnone");
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.content_type == "application/json; encoding=utf-8");
  auto message = text(json(answer), "errmsg");
  BOOST_TEST(message.starts_with("invalid appid rid: 6ab13b80-"));
  BOOST_TEST(message.size() == std::string_view{"invalid appid rid: 6ab13b80-00000000-00000000"}.size());
  message = text(json(code("forged", "{}")), "errmsg");
  BOOST_TEST(message.starts_with("invalid credential, access_token is invalid or not latest, could get access_token by "
                                 "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r rid: "));
}

BOOST_AUTO_TEST_CASE(the_ordinary_call_has_a_daily_limit) {
  for (int i = 0; i < 2000; ++i) ordinary();
  BOOST_TEST(ordinary().at("errcode").as_int64() == 45009);
  pass_s(86400);
  BOOST_TEST(life_of(ordinary()) == 7200);
}

BOOST_AUTO_TEST_CASE(one_app_does_not_accept_the_other_ones_secret) {
  BOOST_TEST(errcode(get("/cgi-bin/token?grant_type=client_credential&appid=wxtwo&secret=secret1")) == 40125);
}

BOOST_AUTO_TEST_SUITE_END()
