#include "actors/wechat_fetcher/fetch_desk.hpp"

#include "tests/support/fake_transport.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using test::fake_transport;

namespace {

/// A desk in virtual time: a test plays the token keeper and WeChat.
struct desk_fixture {
  fetch_desk_config cfg = [] {
    fetch_desk_config c;
    c.app = "homes";
    c.hosts = {"https://a", "https://b"};
    c.inflight_max = 4;
    c.waiting_max = 8;
    return c;
  }();
  fetch_desk desk{cfg};
  int64_t now = 1'000'000;
  bool asked = false;
  uint64_t tickets = 0, version = 1;
  std::deque<std::pair<uint64_t, wechat::http_call>> open;
  std::vector<uint64_t> told;
  std::map<uint64_t, fetched_code> answers;

  void act(fetch_work work) {
    if (work.ask_token) {
      BOOST_TEST(!asked); // one question at a time
      asked = true;
    }
    if (work.tell_refused) told.push_back(work.tell_refused->version);
    for (auto& call : work.calls) open.push_back(std::move(call));
    for (auto& [ticket, code] : work.answers) BOOST_TEST(answers.emplace(ticket, std::move(code)).second);
    BOOST_TEST(open.size() <= cfg.inflight_max);
  }

  uint64_t take(uint32_t timeout_ms = 10'000) {
    fetch_code what;
    what.id = "id" + std::to_string(++tickets);
    what.timeout_for_ms = timeout_ms;
    act(desk.take(tickets, what, now));
    return tickets;
  }
  void token() {
    if (!std::exchange(asked, false)) return;
    act(desk.token({secret("TOKEN-" + std::to_string(version)), version}, now));
  }
  void end(http_outcome how) {
    BOOST_REQUIRE(!open.empty());
    auto number = open.front().first;
    open.pop_front();
    act(desk.ended(number, std::move(how), now));
  }
  uint64_t start(uint32_t timeout_ms = 10'000) {
    auto ticket = take(timeout_ms);
    token();
    return ticket;
  }
  /// One whole attempt.
  fetched_code attempt(http_outcome how) {
    auto ticket = start();
    if (!open.empty()) end(std::move(how));
    BOOST_REQUIRE(answers.contains(ticket));
    return answers.at(ticket);
  }
  std::string host() const { return open.front().second.url.reveal().substr(0, 9); }
  boost::json::value facts() { return boost::json::parse(desk.facts(now)); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(fetch_desk_suite, desk_fixture)

BOOST_AUTO_TEST_CASE(an_image_comes_back_under_its_id) {
  auto code = attempt(fake_transport::jpeg(77));
  BOOST_TEST((code.outcome == fetch_outcome::image));
  BOOST_TEST(code.id == "id1");
  BOOST_TEST(code.took_ms == 77u);
  BOOST_TEST(!code.image.empty());
  BOOST_TEST(desk.idle());
  BOOST_TEST(facts().at("outcomes").at("image").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(no_more_than_the_limit_at_once_and_the_rest_in_turn) {
  for (int i = 0; i < 10; ++i) take();
  token();
  BOOST_TEST(open.size() == 4u);
  BOOST_TEST(!asked); // no room: the token is asked for when there is
  end(fake_transport::jpeg());
  BOOST_TEST(asked);
  token();
  BOOST_TEST(open.size() == 4u);
  while (!open.empty()) {
    end(fake_transport::jpeg());
    token();
  }
  for (uint64_t t = 1; t <= 8; ++t) BOOST_TEST((answers.at(t).outcome == fetch_outcome::image));
}

BOOST_AUTO_TEST_CASE(what_waits_is_bounded_and_told_when_to_come_back) {
  for (int i = 0; i < 8; ++i) take();
  BOOST_TEST(answers.empty());
  auto beyond = take();
  BOOST_TEST((answers.at(beyond).outcome == fetch_outcome::never_written));
  BOOST_TEST(answers.at(beyond).retry_after_ms > 0u);
}

BOOST_AUTO_TEST_CASE(waiting_ends_at_the_time_out_and_costs_nothing) {
  auto ticket = take(1'000);
  now += 999;
  act(desk.tick(now));
  BOOST_TEST(!answers.contains(ticket));
  now += 1;
  act(desk.tick(now));
  BOOST_TEST((answers.at(ticket).outcome == fetch_outcome::never_written));
  token();
  BOOST_TEST(open.empty());
}

BOOST_AUTO_TEST_CASE(the_wait_is_taken_off_the_calls_time_out_and_none_lasts_longer_than_10_s) {
  take(8'000);
  now += 3'000;
  token();
  BOOST_TEST(open.front().second.timeout_for_ms == 5'000u);
  take(60'000);
  token();
  BOOST_TEST(open.back().second.timeout_for_ms == 10'000u);
}

BOOST_AUTO_TEST_CASE(without_a_token_nothing_is_written) {
  uint32_t last = 0;
  for (int i = 0; i < 6; ++i) {
    auto ticket = take();
    asked = false;
    act(desk.no_token("unavailable: no access token: 40125", now));
    auto& code = answers.at(ticket);
    BOOST_TEST((code.outcome == fetch_outcome::never_written));
    BOOST_TEST(code.detail.find("40125") != std::string::npos);
    BOOST_TEST(code.retry_after_ms >= 500u << i);
    BOOST_TEST(code.retry_after_ms > last);
    last = code.retry_after_ms;
  }
  BOOST_TEST(open.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_told_once_and_until_one_works_calls_go_one_at_a_time) {
  for (int i = 0; i < 8; ++i) take();
  token();
  for (int i = 0; i < 4; ++i) end(fake_transport::error(i % 2 ? 42001 : 40001));
  BOOST_TEST((told == std::vector<uint64_t>{1}));
  for (uint64_t t = 1; t <= 4; ++t) {
    BOOST_TEST((answers.at(t).outcome == fetch_outcome::refused));
    BOOST_TEST((answers.at(t).errcode == 40001 || answers.at(t).errcode == 42001));
  }
  ++version;
  token();
  BOOST_TEST(open.size() == 1u);
  end(fake_transport::error(40001));
  BOOST_TEST((told == std::vector<uint64_t>{1, 2}));
  ++version;
  token();
  BOOST_TEST(open.size() == 1u);
  end(fake_transport::jpeg());
  token();
  BOOST_TEST(open.size() == 2u); // all that were left
}

BOOST_AUTO_TEST_CASE(other_errors_end_the_doubt_about_a_token_too) {
  attempt(fake_transport::error(40014));
  ++version;
  attempt(fake_transport::error(41030));
  take();
  take();
  token();
  BOOST_TEST(open.size() == 2u);
}

BOOST_AUTO_TEST_CASE(five_failures_move_to_the_next_host_and_the_first_comes_back) {
  for (auto& how : {fake_transport::timed_out(), fake_transport::answered("busy", 503), fake_transport::error(-1),
                    fake_transport::answered(""), fake_transport::error(-1)}) {
    take();
    token();
    BOOST_TEST(host() == "https://a");
    end(how);
  }
  take();
  token();
  BOOST_TEST(host() == "https://b");
  BOOST_TEST(facts().at("host").as_string() == "https://b");
  BOOST_TEST(facts().at("breaker").as_string() == "closed");
  end(fake_transport::jpeg());
  now += 60'000;
  take();
  take();
  token();
  BOOST_TEST(host() == "https://a");                                    // the probe
  BOOST_TEST(open.back().second.url.reveal().starts_with("https://b")); // the rest stays
  end(fake_transport::jpeg());
  end(fake_transport::jpeg());
  take();
  token();
  BOOST_TEST(host() == "https://a");
}

BOOST_AUTO_TEST_CASE(p3_a_refused_connection_asks_the_next_host_at_once_within_the_same_unit) {
  auto ticket = start();
  BOOST_TEST(host() == "https://a");
  now += 100;
  end(fake_transport::refused_connection());
  BOOST_TEST(!answers.contains(ticket));
  BOOST_REQUIRE(open.size() == 1u);
  BOOST_TEST(host() == "https://b");
  BOOST_TEST(open.front().second.timeout_for_ms == 9'900u); // the call as a whole stays within its 10 s
  BOOST_TEST(facts().at("moved").to_number<int>() == 1);
  BOOST_TEST(desk.problem(now).find("Calls to WeChat go to https://b, since https://a fails (Failed to connect") == 0u);
  end(fake_transport::jpeg());
  BOOST_TEST((answers.at(ticket).outcome == fetch_outcome::image));
  start();
  BOOST_TEST(host() == "https://b"); // and the next calls do not try the first
}

BOOST_AUTO_TEST_CASE(p3_a_call_whose_arrival_is_uncertain_is_not_made_again) {
  for (int i = 0; i < 2; ++i) {
    auto ticket = start();
    BOOST_TEST(host() == "https://a");
    end(fake_transport::timed_out());
    BOOST_TEST((answers.at(ticket).outcome == fetch_outcome::lost));
    BOOST_TEST(open.empty());
  }
  start();
  BOOST_TEST(host() == "https://b"); // two in a row are enough
}

BOOST_AUTO_TEST_CASE(when_the_hosts_all_refuse_each_call_asks_each_host_once_and_ends) {
  auto ticket = start();
  end(fake_transport::refused_connection());
  end(fake_transport::refused_connection());
  BOOST_TEST(open.empty());
  BOOST_TEST((answers.at(ticket).outcome == fetch_outcome::never_written));
  BOOST_TEST(answers.at(ticket).retry_after_ms > 0u);
}

BOOST_AUTO_TEST_CASE(a_host_that_was_left_is_probed_by_one_call_and_not_by_all) {
  start();
  end(fake_transport::refused_connection());
  end(fake_transport::jpeg());
  now += 60'000;
  for (int i = 0; i < 4; ++i) start();
  auto probes = std::count_if(open.begin(), open.end(),
                              [](const auto& call) { return call.second.url.reveal().starts_with("https://a"); });
  BOOST_TEST(probes == 1);
  // The probe that is refused costs its caller nothing but a moment.
  end(fake_transport::refused_connection());
  BOOST_TEST(open.size() == 4u);
  while (!open.empty()) end(fake_transport::jpeg());
  for (auto& [ticket, code] : answers) BOOST_TEST((code.outcome == fetch_outcome::image));
}

BOOST_AUTO_TEST_CASE(when_no_host_answers_the_breaker_keeps_calls_from_being_made) {
  for (int i = 0; i < 10; ++i) attempt(fake_transport::timed_out());
  BOOST_TEST(facts().at("breaker").as_string() == "open");
  BOOST_TEST(desk.problem(now).find("on every host") != std::string::npos);
  auto ticket = take();
  BOOST_TEST(!asked);
  auto& code = answers.at(ticket);
  BOOST_TEST((code.outcome == fetch_outcome::never_written));
  BOOST_TEST(code.retry_after_ms >= 1u);
  BOOST_TEST(code.retry_after_ms <= 2'000u);
  now += code.retry_after_ms;
  take();
  take();
  token();
  BOOST_TEST(open.size() >= 1u); // a probe a host at most
  BOOST_TEST(open.size() <= 2u);
  while (!open.empty()) end(fake_transport::jpeg());
  BOOST_TEST(facts().at("breaker").as_string() == "closed");
  BOOST_TEST(desk.problem(now).empty());
}

BOOST_AUTO_TEST_CASE(answers_that_mean_a_healthy_wechat_open_nothing) {
  for (auto errcode : {45009, 45011, 41030, 40097, 40169, 48001, 99999})
    for (int i = 0; i < 20; ++i) attempt(fake_transport::error(errcode));
  BOOST_TEST(facts().at("breaker").as_string() == "closed");
  BOOST_TEST(facts().at("errors").at("45009").to_number<int>() == 20);
}

BOOST_AUTO_TEST_CASE(an_engine_that_did_not_try_says_nothing_of_the_host) {
  http_outcome full;
  full.curl = -1;
  full.detail = "too many calls wait for a connection";
  for (int i = 0; i < 20; ++i) {
    auto code = attempt(full);
    BOOST_TEST((code.outcome == fetch_outcome::never_written));
    BOOST_TEST(code.retry_after_ms > 0u);
  }
  BOOST_TEST(facts().at("breaker").as_string() == "closed");
}

BOOST_AUTO_TEST_CASE(busy_answers_advise_growing_pauses_with_jitter) {
  std::set<uint32_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    cfg.seed = seed;
    desk = fetch_desk(cfg);
    auto one = attempt(fake_transport::error(-1)).retry_after_ms;
    auto two = attempt(fake_transport::answered("", 502)).retry_after_ms;
    auto three = attempt(fake_transport::error(-1)).retry_after_ms;
    BOOST_TEST(one >= 100u);
    BOOST_TEST(one <= 200u);
    BOOST_TEST(two <= 400u);
    BOOST_TEST(three >= 400u);
    first.insert(one);
    answers.clear();
  }
  BOOST_TEST(first.size() > 10u);
}

BOOST_AUTO_TEST_CASE(an_error_for_the_operator_shows_until_an_image_comes) {
  attempt(fake_transport::error(41030));
  BOOST_TEST(desk.problem(now).find("middle page") != std::string::npos);
  attempt(fake_transport::error(-1));
  BOOST_TEST(!desk.problem(now).empty());
  attempt(fake_transport::jpeg());
  BOOST_TEST(desk.problem(now).empty());
  BOOST_TEST(facts().at("last_error").as_string().starts_with("-1 "));
}

BOOST_AUTO_TEST_CASE(a_call_whose_engine_is_silent_is_answered_lost) {
  auto ticket = start(1'000);
  now += 2'900;
  act(desk.tick(now));
  BOOST_TEST(!answers.contains(ticket));
  now += 200;
  act(desk.tick(now));
  BOOST_TEST((answers.at(ticket).outcome == fetch_outcome::lost));
  end(fake_transport::jpeg()); // too late: nobody is answered twice
  BOOST_TEST(answers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(shutting_down_tells_the_truth_of_each) {
  for (int i = 0; i < 6; ++i) take();
  token();
  act(desk.shut_down());
  int lost = 0, unwritten = 0;
  for (auto& [ticket, code] : answers) {
    lost += code.outcome == fetch_outcome::lost;
    unwritten += code.outcome == fetch_outcome::never_written;
  }
  BOOST_TEST(lost == 4);
  BOOST_TEST(unwritten == 2);
}

BOOST_AUTO_TEST_CASE(the_token_shows_nowhere_even_if_wechat_repeats_it) {
  version = 77;
  take();
  asked = false;
  act(desk.token({secret("TOKEN-LONG-ENOUGH-1"), version}, now));
  end(fake_transport::answered(R"({"errcode":41030,"errmsg":"page of ?access_token=TOKEN-LONG-ENOUGH-1 rid: 1"})"));
  BOOST_TEST(answers.at(tickets).detail == "page of ?access_token=*** rid: 1");
  BOOST_TEST(desk.facts(now).find("LONG-ENOUGH") == std::string::npos);
  BOOST_TEST(desk.problem(now).find("LONG-ENOUGH") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(percentiles_are_of_the_last_thousand) {
  latency_window window;
  BOOST_TEST(window.at(0.5) == 0u);
  for (uint32_t i = 0; i < 5'000; ++i) window.add(9'000, 1);
  for (uint32_t i = 1; i <= 1'000; ++i) window.add(i, i);
  BOOST_TEST(window.at(0.5) == 501u);
  BOOST_TEST(window.at(0.99) == 991u);
  BOOST_TEST(window.at(1) == 1'000u);
  BOOST_TEST(window.recent(901).size() == 100u);
}

BOOST_AUTO_TEST_CASE(a_wechat_that_gets_slow_is_named_before_a_call_ended_and_forgotten_with_the_calls) {
  for (int i = 0; i < 100; ++i) attempt(fake_transport::jpeg(77));
  now += 60'000;
  for (int i = 0; i < 3; ++i) start();
  now += 1'900;
  BOOST_TEST(desk.problem(now).empty());
  now += 1'100;
  BOOST_TEST(desk.problem(now) == "WeChat is slow: half of the present calls take 3000 ms or more");
  for (int i = 0; i < 3; ++i) {
    auto how = fake_transport::jpeg(77);
    how.took_ms = 3'500;
    end(std::move(how));
  }
  BOOST_TEST(desk.problem(now).find("3500 ms") != std::string::npos);
  now += 21'000; // nothing was called since: nobody knows
  BOOST_TEST(desk.problem(now).empty());
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused) {
  BOOST_TEST(!validate(cfg));
  for (auto change : std::vector<std::function<void(fetch_desk_config&)>>{
           [](auto& c) { c.app.clear(); }, [](auto& c) { c.hosts.clear(); },
           [](auto& c) { c.hosts = {"http://example.com"}; }, [](auto& c) { c.inflight_max = 0; },
           [](auto& c) { c.waiting_max = 0; }, [](auto& c) { c.timeout_max_ms = 0; },
           [](auto& c) { c.image_bytes_max = 0; }}) {
    auto wrong = cfg;
    change(wrong);
    BOOST_TEST((code_of(validate(wrong)) == ec::invalid_config));
  }
}

BOOST_AUTO_TEST_SUITE_END()
