#include "actors/token_keeper/token_keeper.hpp"

#include "tests/support/det_fixture.hpp"
#include "tests/support/fake_transport.hpp"

#include <boost/json.hpp>

using namespace qrwell;
using test::fake_transport;
using namespace std::chrono_literals;

namespace {

struct keeper_fixture : test::det_fixture {
  std::shared_ptr<fake_transport> wechat = std::make_shared<fake_transport>();
  vitals_registry registry;
  token_keeper_actor keeper;

  keeper_fixture() { start({"https://a", "https://b"}); }
  ~keeper_fixture() { keeper = nullptr; }

  void start(std::vector<std::string> hosts) {
    token_keeper_config c;
    c.app = "homes";
    c.appid = "wx0123456789abcdef";
    c.app_secret = secret("APP-SECRET-VALUE");
    c.hosts = std::move(hosts);
    BOOST_REQUIRE(!validate(c));
    keeper = spawn(token_keeper, registry.enroll("token_keeper", "homes"), c,
                   std::static_pointer_cast<wechat::wechat_transport>(wechat));
  }

  actor_status status() {
    auto out = *ask<actor_status>(keeper, status_query{});
    for (auto* hidden : {"APP-SECRET", "TOKEN-"}) {
      BOOST_TEST(out.facts.find(hidden) == std::string::npos);
      BOOST_TEST(out.problem.find(hidden) == std::string::npos);
    }
    return out;
  }
  boost::json::value facts() { return boost::json::parse(status().facts); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(token_keeper_suite, keeper_fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(it_fetches_at_start_and_answers_all_who_wait) {
  BOOST_REQUIRE(wechat->open.size() == 1u);
  BOOST_TEST(wechat->url() == "https://a/cgi-bin/stable_token");
  BOOST_TEST(wechat->body().at("secret").as_string() == "APP-SECRET-VALUE");
  BOOST_TEST(!wechat->body().at("force_refresh").as_bool());
  auto first = self->request(keeper, caf::infinite, token_query{});
  auto second = self->request(keeper, caf::infinite, token_query{});
  run();
  BOOST_TEST(!self->has_next_message());
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
  int got = 0;
  for (auto* handle : {&first, &second})
    handle->receive([&](const access_token& t) { got += t.value.reveal() == "TOKEN-ONE" ? 1 : 0; },
                    [](const caf::error& e) { BOOST_ERROR(render(e)); });
  BOOST_TEST(got == 2);
  BOOST_TEST(wechat->started_total == 1u);
  BOOST_TEST(facts().at("has_token").as_bool());
  BOOST_TEST(status().problem == "");
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_fetched_again_once) {
  wechat->end(fake_transport::token("TOKEN-ONE"));
  advance(20min, 1s);
  auto present = *ask<access_token>(keeper, token_query{});
  for (int i = 0; i < 5; ++i) tell(keeper, token_refused{present.version, 40001});
  BOOST_TEST(wechat->started_total == 2u);
  wechat->end(fake_transport::token("TOKEN-TWO"));
  run();
  BOOST_TEST(ask<access_token>(keeper, token_query{})->value.reveal() == "TOKEN-TWO");
  BOOST_TEST(facts().at("foreign_manager").to_number<int>() == 1);
  BOOST_TEST(status().problem.find("second token manager") != std::string::npos);
  advance(10min, 1s);
  BOOST_TEST(wechat->started_total == 2u);
}

BOOST_AUTO_TEST_CASE(it_refreshes_before_the_end_of_its_own_accord) {
  wechat->end(fake_transport::token("TOKEN-ONE", 7'200));
  run();
  advance(114min, 1s);
  BOOST_TEST(wechat->open.empty());
  advance(1min + 2s, 1s);
  BOOST_TEST(wechat->open.size() == 1u);
}

BOOST_AUTO_TEST_CASE(another_host_is_asked_when_one_gives_no_answer) {
  BOOST_TEST(wechat->url().starts_with("https://a/"));
  wechat->end(fake_transport::refused_connection());
  run(); // and no time goes by
  BOOST_REQUIRE(wechat->open.size() == 1u);
  BOOST_TEST(wechat->url().starts_with("https://b/"));
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
  BOOST_TEST(facts().at("has_token").as_bool());
  BOOST_TEST(facts().at("host").as_string() == "https://b");
  BOOST_TEST(facts().at("hosts").at(0).at("state").as_string() == "left");
}

// One that failed once was `left` for 30 s, though the next call to it had an answer.
BOOST_AUTO_TEST_CASE(the_only_host_is_used_as_soon_as_a_call_to_it_works) {
  caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  wechat->open.clear();
  start({"https://only"});
  for (int faults : {1, 6}) {
    for (int i = 0; i < faults; ++i) {
      for (int s = 0; s < 120 && wechat->open.empty(); ++s) advance(1s);
      BOOST_REQUIRE(wechat->open.size() == 1u);
      wechat->end(fake_transport::refused_connection());
      run();
      if (i == 0) BOOST_TEST(facts().at("hosts").at(0).at("state").as_string() == "used");
    }
    for (int s = 0; s < 120 && wechat->open.empty(); ++s) advance(1s);
    BOOST_REQUIRE(wechat->open.size() == 1u);
    wechat->end(fake_transport::token("TOKEN-" + std::to_string(faults)));
    run();
    BOOST_TEST(facts().at("hosts").at(0).at("state").as_string() == "used");
    BOOST_TEST(facts().at("has_token").as_bool());
    auto present = *ask<access_token>(keeper, token_query{});
    advance(20min, 1s);
    tell(keeper, token_refused{present.version, 40001});
    run();
  }
}

BOOST_AUTO_TEST_CASE(a_forced_refresh_that_may_have_arrived_is_not_made_again) {
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
  self->send(keeper, token_refresh{"test"});
  run();
  BOOST_REQUIRE(wechat->open.size() == 1u);
  wechat->end(fake_transport::timed_out());
  run();
  BOOST_TEST(wechat->open.empty());
}

BOOST_AUTO_TEST_CASE(an_asker_is_answered_in_5_seconds_though_wechat_is_silent) {
  auto waiting = self->request(keeper, caf::infinite, token_query{});
  advance(4s);
  BOOST_TEST(!self->has_next_message());
  advance(2s);
  BOOST_REQUIRE(self->has_next_message());
  waiting.receive([](const access_token&) { BOOST_ERROR("no token was given"); },
                  [](const caf::error& e) { BOOST_TEST((code_of(e) == ec::unavailable)); });
}

BOOST_AUTO_TEST_CASE(an_engine_that_never_answers_does_not_stop_it) {
  advance(11s);
  BOOST_TEST(wechat->started_total == 1u);
  advance(5s);
  BOOST_REQUIRE(wechat->started_total == 2u);
  wechat->end(fake_transport::token("TOKEN-LATE")); // of the call that was given up
  run();
  BOOST_TEST(!facts().at("has_token").as_bool());
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
  BOOST_TEST(facts().at("has_token").as_bool());
}

BOOST_AUTO_TEST_CASE(an_operator_can_force_a_new_one_within_the_budget) {
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
  auto forced = self->request(keeper, caf::infinite, token_refresh{"admin"});
  run();
  BOOST_REQUIRE(wechat->open.size() == 1u);
  BOOST_TEST(wechat->body().at("force_refresh").as_bool());
  wechat->end(fake_transport::token("TOKEN-TWO"));
  run();
  forced.receive([](done) {}, [](const caf::error& e) { BOOST_ERROR(render(e)); });
  auto again = ask<done>(keeper, token_refresh{"admin"});
  BOOST_TEST((code_of(again.error()) == ec::rate_limited));
}

BOOST_AUTO_TEST_CASE(its_end_answers_all_who_wait) {
  auto waiting = self->request(keeper, caf::infinite, token_query{});
  run();
  caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  BOOST_REQUIRE(self->has_next_message());
  waiting.receive([](const access_token&) { BOOST_ERROR("no token was given"); },
                  [](const caf::error& e) { BOOST_TEST((code_of(e) == ec::shutting_down), render(e)); });
  // An outcome that comes later finds nobody and does no harm.
  wechat->end(fake_transport::token("TOKEN-ONE"));
  run();
}

BOOST_AUTO_TEST_CASE(a_configuration_that_cannot_work_is_refused) {
  token_keeper_config c;
  BOOST_TEST((code_of(validate(c)) == ec::invalid_config));
  c.app = "homes";
  c.appid = "wx1";
  BOOST_TEST((code_of(validate(c)) == ec::invalid_config));
  c.app_secret = secret("x");
  BOOST_TEST((code_of(validate(c)) == ec::invalid_config));
  c.hosts = {"http://api.weixin.qq.com"};
  BOOST_TEST((code_of(validate(c)) == ec::invalid_config));
  c.hosts = {"https://api.weixin.qq.com"};
  BOOST_TEST(!validate(c));
}

BOOST_AUTO_TEST_SUITE_END()
