// What WeChat's documents leave open is a setting; each setting here, with what it changes.
#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

template <class Change>
sim_settings changed(Change change) {
  auto settings = settings_of_two_apps();
  settings.limit_per_minute = 3;
  change(settings);
  return settings;
}

int64_t with_secret(sim_fixture& sim, std::string_view secret) {
  return sim_fixture::errcode(
      sim.get("/cgi-bin/token?grant_type=client_credential&appid=wxone&secret=" + std::string{secret}));
}

} // namespace

BOOST_AUTO_TEST_SUITE(open_points_suite)

BOOST_AUTO_TEST_CASE(a_fixed_window_begins_anew_with_the_minute_of_the_clock) {
  sim_fixture sim{changed([](auto& s) { s.window = window_kind::fixed; })};
  sim.now_us = 1'790'000'040 * second_us + 50 * second_us; // 50 s after a full minute
  auto token = sim.token();
  for (int i = 0; i < 3; ++i) BOOST_TEST(sim.outcome(token) == 0);
  BOOST_TEST(sim.outcome(token) == 45009);
  sim.pass_s(10);
  for (int i = 0; i < 3; ++i) BOOST_TEST(sim.outcome(token) == 0);
  BOOST_TEST(sim.outcome(token) == 45009);
  // A client that keeps to fixed minutes is seen to have sent more in a sliding one.
  BOOST_TEST(sim.state_of(0).at("busiest_60s").as_int64() == 8);
}

BOOST_AUTO_TEST_CASE(who_goes_on_asking_stays_refused_if_refused_calls_are_charged) {
  sim_fixture sim{changed([](auto& s) { s.charge = charge_rule::all; })};
  auto token = sim.token();
  for (int i = 0; i < 3; ++i) BOOST_TEST(sim.outcome(token) == 0);
  for (int i = 0; i < 20; ++i, sim.pass_s(10)) BOOST_TEST(sim.outcome(token) == 45009);
  sim.pass_s(61);
  BOOST_TEST(sim.outcome(token) == 0);
}

BOOST_AUTO_TEST_CASE(bad_calls_can_be_free) {
  sim_fixture sim{changed([](auto& s) { s.charge = charge_rule::images; })};
  auto token = sim.token();
  for (int i = 0; i < 10; ++i) BOOST_TEST(sim.outcome(token, "{}") == 40169);
  for (int i = 0; i < 3; ++i) BOOST_TEST(sim.outcome(token) == 0);
  BOOST_TEST(sim.outcome(token) == 45009);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_json_and_a_width_out_of_range) {
  sim_fixture usual;
  BOOST_TEST(usual.outcome(usual.token(), "scene=a") == 47001);
  BOOST_TEST(usual.outcome(usual.token(), R"({"scene":"a","width":10})") == 0);
  BOOST_TEST(usual.outcome(usual.token(), R"({"scene":"a","width":5000})") == 0);
  sim_fixture other{changed([](auto& s) {
    s.bad_body_code = 40169;
    s.bad_width_code = 40097;
    s.limit_per_minute = 100;
  })};
  auto token = other.token();
  BOOST_TEST(other.outcome(token, "scene=a") == 40169);
  BOOST_TEST(other.outcome(token, R"({"scene":"a","width":279})") == 40097);
  BOOST_TEST(other.outcome(token, R"({"scene":"a","width":1281})") == 40097);
  BOOST_TEST(other.outcome(token, R"({"scene":"a","width":280})") == 0);
  BOOST_TEST(other.outcome(token, R"({"scene":"a","width":1280})") == 0);
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_has_one_of_two_codes) {
  sim_fixture usual;
  BOOST_TEST(with_secret(usual, "wrong") == 40125);
  sim_fixture other{changed([](auto& s) { s.bad_secret_code = 40001; })};
  BOOST_TEST(with_secret(other, "wrong") == 40001);
}

BOOST_AUTO_TEST_CASE(a_forced_refresh_beyond_the_rules_can_be_an_error) {
  sim_fixture sim{changed([](auto& s) { s.tokens.forced_over_code = 45009; })};
  auto first = sim.text(sim.stable(true), "access_token");
  BOOST_TEST(sim.stable(true).at("errcode").as_int64() == 45009);
  BOOST_TEST(sim.text(sim.stable(), "access_token") == first);
  sim.pass_s(30);
  BOOST_TEST(sim.text(sim.stable(true), "access_token") != first);
}

BOOST_AUTO_TEST_SUITE_END()
