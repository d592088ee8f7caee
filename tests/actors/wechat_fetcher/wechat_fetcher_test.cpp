#include "actors/wechat_fetcher/wechat_fetcher.hpp"

#include "tests/support/det_fixture.hpp"
#include "tests/support/fake_transport.hpp"

using namespace qrwell;
using test::fake_transport;
using namespace std::chrono_literals;

namespace {

struct fake_keeper_state {
  static constexpr const char* name = "fake_keeper";
};

/// What the fake keeper says and has heard.
struct keeper_script {
  bool silent = false, failing = false;
  uint64_t version = 1;
  std::vector<token_refused> heard;
};

token_keeper_actor::behavior_type fake_keeper(token_keeper_actor::stateful_pointer<fake_keeper_state> self,
                                              std::shared_ptr<keeper_script> script) {
  return {[=](token_query) -> caf::result<access_token> {
            if (script->silent) return self->make_response_promise<access_token>();
            if (script->failing) return fail(ec::unavailable, "no access token: 40125");
            return access_token{secret("TOKEN-" + std::to_string(script->version)), script->version};
          },
          [=](token_refused x) {
            script->heard.push_back(x);
            ++script->version;
          },
          [](const token_refresh&) { return done{}; },
          [](const call_ended&) {},
          [](tick) {},
          [](status_query) { return actor_status{}; }};
}

struct fetcher_fixture : test::det_fixture {
  std::shared_ptr<fake_transport> wechat = std::make_shared<fake_transport>();
  std::shared_ptr<keeper_script> script = std::make_shared<keeper_script>();
  vitals_registry registry;
  wechat_fetcher_actor fetcher;

  fetcher_fixture() {
    wechat_fetcher_config c;
    c.desk.app = "homes";
    c.desk.hosts = {"https://a"};
    c.desk.inflight_max = 2;
    BOOST_REQUIRE(!validate(c));
    auto keeper = spawn(fake_keeper, script);
    fetcher = spawn(wechat_fetcher, registry.enroll("wechat_fetcher", "homes"), c, keeper,
                    std::static_pointer_cast<wechat::wechat_transport>(wechat));
  }
  ~fetcher_fixture() { fetcher = nullptr; }

  auto begin(const std::string& id, uint32_t timeout_ms = 10'000) {
    fetch_code what;
    what.id = id;
    what.timeout_for_ms = timeout_ms;
    auto handle = self->request(fetcher, caf::infinite, what);
    run();
    return handle;
  }
  template <class Handle>
  fetched_code result(Handle& handle) {
    fetched_code out;
    BOOST_REQUIRE(self->has_next_message());
    handle.receive([&](fetched_code& code) { out = std::move(code); },
                   [](const caf::error& e) { BOOST_ERROR(render(e)); });
    return out;
  }
  boost::json::value facts() { return boost::json::parse(ask<actor_status>(fetcher, status_query{})->facts); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(wechat_fetcher_suite, fetcher_fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(a_fetch_is_one_call_with_the_present_token) {
  auto handle = begin("abc");
  BOOST_REQUIRE(wechat->open.size() == 1u);
  BOOST_TEST(wechat->url() == "https://a/wxa/getwxacodeunlimit?access_token=TOKEN-1");
  BOOST_TEST(wechat->body().at("scene").as_string() == "abc");
  wechat->end(fake_transport::jpeg());
  run();
  auto code = result(handle);
  BOOST_TEST((code.outcome == fetch_outcome::image));
  BOOST_TEST(code.id == "abc");
  BOOST_TEST(wechat->started_total == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_told_and_the_next_call_has_the_new_one) {
  auto first = begin("a");
  auto second = begin("b");
  auto third = begin("c");
  BOOST_TEST(wechat->open.size() == 2u);
  wechat->end(fake_transport::error(40001));
  wechat->end(fake_transport::error(40001));
  run();
  BOOST_TEST(script->heard.size() == 1u);
  BOOST_TEST(script->heard.at(0).errcode == 40001);
  BOOST_TEST(result(first).errcode == 40001);
  BOOST_TEST(result(second).errcode == 40001);
  BOOST_REQUIRE(wechat->open.size() == 1u);
  BOOST_TEST(wechat->url().ends_with("TOKEN-2"));
  wechat->end(fake_transport::jpeg());
  run();
  BOOST_TEST((result(third).outcome == fetch_outcome::image));
  BOOST_TEST(wechat->started_total == 3u); // no retry of its own: each attempt costs the caller a unit
}

BOOST_AUTO_TEST_CASE(without_a_token_the_answer_comes_at_once) {
  script->failing = true;
  auto handle = begin("a");
  auto code = result(handle);
  BOOST_TEST((code.outcome == fetch_outcome::never_written));
  BOOST_TEST(code.retry_after_ms > 0u);
  BOOST_TEST(code.detail.find("40125") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_silent_keeper_holds_nobody_for_ever) {
  script->silent = true;
  auto hasty = begin("a", 1'000);
  auto patient = begin("b", 10'000);
  advance(1'200ms);
  BOOST_TEST((result(hasty).outcome == fetch_outcome::never_written));
  BOOST_TEST(!self->has_next_message());
  advance(6s);
  BOOST_TEST((result(patient).outcome == fetch_outcome::never_written));
}

BOOST_AUTO_TEST_CASE(a_silent_engine_holds_nobody_for_ever) {
  auto handle = begin("a", 1'000);
  advance(2'900ms);
  BOOST_TEST(!self->has_next_message());
  advance(400ms);
  BOOST_TEST((result(handle).outcome == fetch_outcome::lost));
}

BOOST_AUTO_TEST_CASE(its_end_answers_all) {
  auto under_way = begin("a");
  auto other = begin("b");
  auto waiting = begin("c");
  caf::anon_send_exit(fetcher, caf::exit_reason::user_shutdown);
  run();
  BOOST_TEST((result(under_way).outcome == fetch_outcome::lost));
  BOOST_TEST((result(other).outcome == fetch_outcome::lost));
  BOOST_TEST((result(waiting).outcome == fetch_outcome::never_written));
  wechat->end(fake_transport::jpeg());
  run();
}

BOOST_AUTO_TEST_CASE(status_says_how_calls_go_and_no_token) {
  auto one = begin("a");
  auto two = begin("b");
  auto three = begin("c");
  BOOST_TEST(facts().at("in_flight").to_number<int>() == 2);
  BOOST_TEST(facts().at("waiting").to_number<int>() == 1);
  wechat->end(fake_transport::jpeg(120));
  wechat->end(fake_transport::timed_out());
  run();
  wechat->end(fake_transport::error(41030));
  run();
  auto said = *ask<actor_status>(fetcher, status_query{});
  BOOST_TEST(said.facts.find("TOKEN") == std::string::npos);
  BOOST_TEST(said.problem.find("middle page") != std::string::npos);
  auto f = facts();
  BOOST_TEST(f.at("p50_ms").to_number<int>() > 0);
  for (auto* outcome : {"image", "lost", "refused"}) BOOST_TEST(f.at("outcomes").at(outcome).to_number<int>() == 1);
  BOOST_TEST(f.at("errors").at("41030").to_number<int>() == 1);
  result(one), result(two), result(three);
}

BOOST_AUTO_TEST_SUITE_END()
