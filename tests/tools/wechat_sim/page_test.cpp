#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

BOOST_FIXTURE_TEST_SUITE(counters_page_suite, sim_fixture)

BOOST_AUTO_TEST_CASE(it_shows_calls_outcomes_tokens_faults_and_the_scenario) {
  auto current = token();
  for (int i = 0; i < 7; ++i) outcome(current);
  outcome(current, "{}");
  set_fault(R"({"kind":"slow_body","ms":1234})");
  post("/sim/scenario", "name: the night\nsteps:\n- {at: 5s, for: 30s, what: 45009}\n");
  auto page = get("/");
  BOOST_TEST(page.status == 200U);
  BOOST_TEST(page.content_type == "text/html; charset=utf-8");
  for (const char* part : {"<h2>wxone</h2>", "<h2>wxtwo</h2>", "in the busiest 60 s</th><td>8<", "images</th><td>7<",
                           "error 40169</th><td>1<", "stable given</th><td>1<", "slow_body", "1234",
                           "Scenario: the night", "at 5 s for 30 s</th><td>waiting", "api.weixin.qq.com</th><td>"})
    BOOST_TEST(page.body->find(part) != std::string::npos, part << " is missing in " << *page.body);
}

BOOST_AUTO_TEST_CASE(it_needs_nothing_from_elsewhere) {
  auto page = *get("/").body;
  BOOST_TEST(page.size() < 8192U);
  for (const char* part : {"http://", "https://", "<script", "<link", "src=", "@import", "url("})
    BOOST_TEST(page.find(part) == std::string::npos, part);
}

BOOST_AUTO_TEST_CASE(what_clients_sent_is_shown_as_text) {
  host = "<script>alert(1)</script>";
  get("/cgi-bin/token");
  auto page = *get("/").body;
  BOOST_TEST(page.find("<script") == std::string::npos);
  BOOST_TEST(page.find("&lt;script&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_page_and_the_json_agree) {
  outcome(token());
  BOOST_TEST(state_of(0).at("images").as_int64() == 1);
  BOOST_TEST(get("/").body->find("images</th><td>1<") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
