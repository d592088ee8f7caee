#include "actors/token_keeper/token_book.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using wechat::token_answer;
using wechat::token_end;

namespace {

token_answer token(const std::string& value, int64_t expires_in_s = 7'200) {
  return {token_end::token, secret(value), expires_in_s, 0, {}};
}

token_answer refusal(int32_t errcode) {
  return {token_end::refused, {}, 0, errcode, "text rid: 1"};
}

token_answer no_answer() {
  return {token_end::failed, {}, 0, 0, "HTTP 503"};
}

/// A book in virtual time, on which a test answers the fetches.
struct book_fixture {
  token_book book{token_book_config{}};
  int64_t now = 1'000'000;
  int fetches = 0, forced = 0;
  std::optional<bool> wanted;
  std::map<uint64_t, caf::expected<access_token>> answers;
  std::map<uint64_t, caf::error> forced_ends;
  uint64_t tickets = 0;

  void act(token_work work) {
    for (auto& [ticket, answer] : work.answers) BOOST_TEST(answers.emplace(ticket, std::move(answer)).second);
    for (auto& [ticket, err] : work.forced) BOOST_TEST(forced_ends.emplace(ticket, std::move(err)).second);
    if (!work.fetch) return;
    BOOST_TEST(!wanted.has_value()); // one at a time
    wanted = work.fetch;
    ++fetches;
    forced += *work.fetch ? 1 : 0;
  }

  uint64_t ask() {
    act(book.ask(++tickets, now));
    return tickets;
  }
  uint64_t force() {
    act(book.force(++tickets, now));
    return tickets;
  }
  void fetched(const token_answer& answer) {
    BOOST_REQUIRE(wanted.has_value());
    wanted.reset();
    act(book.fetched(answer, now));
  }
  void tick() { act(book.tick(now)); }
  void pass(int64_t ms) {
    now += ms;
    tick();
  }
  access_token present() {
    auto ticket = ask();
    BOOST_REQUIRE(answers.contains(ticket));
    BOOST_REQUIRE(answers.at(ticket).engaged());
    return *answers.at(ticket);
  }
  std::string why_none() {
    auto ticket = ask();
    BOOST_REQUIRE(answers.contains(ticket));
    BOOST_REQUIRE(!answers.at(ticket).engaged());
    return render(answers.at(ticket).error());
  }
  void start(const std::string& value = "token-one", int64_t expires_in_s = 7'200) {
    tick();
    fetched(token(value, expires_in_s));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(token_book_suite, book_fixture)

BOOST_AUTO_TEST_CASE(many_askers_share_one_fetch) {
  for (int i = 0; i < 10; ++i) ask();
  BOOST_TEST(fetches == 1);
  BOOST_TEST(*wanted == false);
  BOOST_TEST(answers.empty());
  fetched(token("token-one"));
  BOOST_TEST(answers.size() == 10u);
  for (auto& [ticket, answer] : answers) BOOST_TEST(answer->value.reveal() == "token-one");
  BOOST_TEST(present().version == answers.at(1)->version);
  BOOST_TEST(fetches == 1);
}

BOOST_AUTO_TEST_CASE(it_is_replaced_before_its_end_while_the_old_one_serves) {
  start("token-one", 7'200);
  auto version = present().version;
  pass(6'899'999);
  BOOST_TEST(!wanted);
  pass(1);
  BOOST_TEST(wanted.has_value());
  BOOST_TEST(present().value.reveal() == "token-one");
  fetched(token("token-two"));
  BOOST_TEST(present().value.reveal() == "token-two");
  BOOST_TEST(present().version > version);
}

BOOST_AUTO_TEST_CASE(a_short_life_is_kept_for_a_minute_and_the_same_token_keeps_its_version) {
  start("token-one", 300); // WeChat's smallest: nothing is left after the 5 minutes
  auto version = present().version;
  pass(59'999);
  BOOST_TEST(!wanted);
  pass(1);
  fetched(token("token-one", 240));
  BOOST_TEST(present().version == version);
  BOOST_TEST(fetches == 2);
}

BOOST_AUTO_TEST_CASE(a_failing_refresh_leaves_the_token_until_its_end) {
  start();
  pass(6'900'000);
  while (now < 1'000'000 + 7'199'999) {
    if (wanted) fetched(no_answer());
    BOOST_TEST(present().value.reveal() == "token-one");
    pass(1'000);
  }
  if (wanted) fetched(no_answer());
  now = 1'000'000 + 7'200'000;
  BOOST_TEST(!book.look(now).has_token);
  BOOST_TEST(fetches < 20);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_fetched_again_once) {
  for (auto errcode : {40001, 40014, 42001, 41001}) {
    token_book_config cfg;
    book = token_book(cfg);
    fetches = 0;
    start("token-one");
    pass(1'000'000);
    auto version = present().version;
    act(book.refused(version, errcode, now));
    BOOST_TEST(fetches == 2);
    // The other calls that were under way are refused too; that changes nothing.
    for (int i = 0; i < 63; ++i) act(book.refused(version, errcode, now));
    BOOST_TEST(fetches == 2);
    auto waiting = ask();
    BOOST_TEST(!answers.contains(waiting));
    fetched(token("token-two"));
    BOOST_TEST(answers.at(waiting)->value.reveal() == "token-two");
    for (int i = 0; i < 63; ++i) act(book.refused(version, errcode, now));
    BOOST_TEST(fetches == 2);
    BOOST_TEST(present().value.reveal() == "token-two");
    BOOST_TEST(forced == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_token_that_is_refused_again_and_again_never_makes_a_loop) {
  start("token-0");
  int64_t begun = now;
  int n = 0;
  // WeChat gives out a new token each time, and every one is refused as soon as it is used.
  while (now < begun + 600'000) {
    if (wanted) fetched(token("token-" + std::to_string(++n)));
    if (book.look(now).has_token) act(book.refused(present().version, 40001, now));
    pass(100);
  }
  BOOST_TEST(fetches <= 22); // 600 s / 30 s, the first, and the one at once
  BOOST_TEST(fetches >= 15);
  BOOST_TEST(forced == 0);
}

BOOST_AUTO_TEST_CASE(a_refused_token_that_comes_back_is_tried_again_only_after_a_growing_pause) {
  start("token-one");
  auto version = present().version;
  act(book.refused(version, 40001, now));
  fetched(token("token-one", 6'000));
  BOOST_TEST(why_none().find("gives out the same one") != std::string::npos);
  BOOST_TEST(book.problem(now).find("gives out the same one") != std::string::npos);
  BOOST_TEST(book.look(now).foreign_manager == 0u);
  pass(29'999);
  BOOST_TEST(!wanted);
  pass(3'001);
  fetched(token("token-one", 5'970));
  BOOST_TEST(present().value.reveal() == "token-one"); // on trial
  BOOST_TEST(present().version > version);
  BOOST_TEST(book.problem(now).empty());
  // Refused for ever: no faster than that, and slower with time.
  int64_t begun = now;
  auto before = fetches;
  while (now < begun + 3'600'000) {
    if (wanted) fetched(token("token-one", 5'000));
    if (book.look(now).has_token) act(book.refused(present().version, 40001, now));
    pass(500);
  }
  BOOST_TEST(fetches - before < 40);
}

BOOST_AUTO_TEST_CASE(a_second_token_manager_is_named) {
  start("token-one");
  pass(1'200'000);
  act(book.refused(present().version, 40001, now));
  fetched(token("token-two"));
  auto look = book.look(now);
  BOOST_TEST(look.foreign_manager == 1u);
  BOOST_TEST(look.refused == 1u);
  auto said = book.problem(now);
  BOOST_TEST(said.find("second token manager") != std::string::npos, said);
  BOOST_TEST(said.find("age of 1200 s though it had 6000 s to live") != std::string::npos, said);
  pass(3'600'000);
  BOOST_TEST(book.problem(now).empty());
}

BOOST_AUTO_TEST_CASE(plain_expiry_and_our_own_force_name_nobody) {
  start("token-one");
  act(book.refused(present().version, 42001, now));
  fetched(token("token-two"));
  BOOST_TEST(book.look(now).foreign_manager == 0u);
  // Late refusals of a token that we ended ourselves.
  auto version = present().version;
  force();
  fetched(token("token-three"));
  act(book.refused(version, 40001, now));
  BOOST_TEST(!wanted);
  BOOST_TEST(book.look(now).foreign_manager == 0u);
  BOOST_TEST(present().value.reveal() == "token-three");
}

BOOST_AUTO_TEST_CASE(failures_of_the_interface_back_off_with_jitter_and_askers_hear_of_it_in_time) {
  auto waiting = ask();
  int64_t begun = now;
  std::vector<int64_t> times;
  while (now < begun + 300'000) {
    if (wanted) {
      times.push_back(now - begun);
      fetched(no_answer());
    }
    pass(10);
    if (now - begun == 5'010) BOOST_TEST(answers.contains(waiting));
  }
  BOOST_TEST(!answers.at(waiting).engaged());
  // 0, then pauses of 1-2, 2-4, 4-8, .. 30-60 s.
  for (size_t i = 1; i < times.size(); ++i) {
    auto limit = std::min<int64_t>(2'000ll << (i - 1), 60'000);
    BOOST_TEST(times[i] - times[i - 1] >= limit / 2);
    BOOST_TEST(times[i] - times[i - 1] <= limit + 20);
  }
  BOOST_TEST(book.problem(now).find("HTTP 503") != std::string::npos);
  BOOST_TEST(book.look(now).failures == times.size());
}

BOOST_AUTO_TEST_CASE(errors_that_an_operator_must_mend_are_asked_about_slowly_and_told_in_words) {
  const std::map<int32_t, std::string> words{{40125, "AppSecret is wrong"},
                                             {40013, "does not know this appid"},
                                             {40164, "IP list"},
                                             {89503, "administrator"},
                                             {50007, "frozen"},
                                             {40243, "AppSecret is frozen"}};
  for (const auto& [errcode, said] : words) {
    book = token_book({});
    wanted.reset();
    tick();
    auto waiting = ask();
    fetched(refusal(errcode));
    BOOST_TEST(!answers.at(waiting).engaged()); // at once: waiting helps nobody
    BOOST_TEST(book.problem(now).find(said) != std::string::npos, book.problem(now));
    BOOST_TEST(book.problem(now).find("rid: 1") != std::string::npos);
    BOOST_TEST(why_none().find(said) != std::string::npos);
    pass(29'000);
    BOOST_TEST(!wanted);
    pass(32'000);
    BOOST_TEST(wanted.has_value());
    fetched(token("token-one"));
    BOOST_TEST(book.problem(now).empty());
  }
}

BOOST_AUTO_TEST_CASE(busy_is_tried_again_soon) {
  auto waiting = ask();
  fetched(refusal(-1));
  BOOST_TEST(!answers.contains(waiting));
  pass(2'000);
  fetched(token("token-one"));
  BOOST_TEST(answers.at(waiting).engaged());
}

BOOST_AUTO_TEST_CASE(forced_refreshes_keep_wechats_budget) {
  start();
  auto first = force();
  BOOST_TEST(*wanted == true);
  auto joined = force();
  fetched(token("token-f1"));
  BOOST_TEST(!forced_ends.at(first));
  BOOST_TEST(!forced_ends.at(joined));
  BOOST_TEST(forced == 1);
  BOOST_TEST(present().value.reveal() == "token-f1");
  now += 29'999;
  BOOST_TEST((code_of(forced_ends[force()]) == ec::rate_limited));
  for (int i = 2; i <= 20; ++i) {
    now += 30'000;
    auto ticket = force();
    fetched(token("token-f" + std::to_string(i)));
    BOOST_TEST(!forced_ends.at(ticket));
  }
  now += 30'000;
  BOOST_TEST((code_of(forced_ends[force()]) == ec::rate_limited));
  BOOST_TEST(book.look(now).forced_left == 0u);
  BOOST_TEST(forced == 20);
  now += 24 * 3'600'000;
  if (wanted) fetched(token("token-x"));
  auto next_day = force();
  if (wanted && !*wanted) fetched(token("token-x"));
  fetched(token("token-y"));
  BOOST_TEST(!forced_ends.at(next_day));
}

BOOST_AUTO_TEST_CASE(a_forced_refresh_that_brought_nothing_says_so) {
  start("token-one");
  auto same = force();
  fetched(token("token-one"));
  BOOST_TEST((code_of(forced_ends.at(same)) == ec::rate_limited));
  now += 30'000;
  auto failed = force();
  fetched(no_answer());
  BOOST_TEST((code_of(forced_ends.at(failed)) == ec::unavailable));
  BOOST_TEST(present().value.reveal() == "token-one");
}

BOOST_AUTO_TEST_CASE(a_force_waits_for_the_fetch_under_way) {
  tick();
  auto ticket = force();
  BOOST_TEST(*wanted == false);
  fetched(token("token-one"));
  BOOST_TEST(*wanted == true);
  fetched(token("token-two"));
  BOOST_TEST(!forced_ends.at(ticket));
  BOOST_TEST(present().value.reveal() == "token-two");
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_few_and_do_so_for_a_finite_time) {
  for (int i = 0; i < 1'024; ++i) ask();
  BOOST_TEST(answers.empty());
  auto beyond = ask();
  BOOST_TEST((code_of(answers.at(beyond).error()) == ec::overloaded));
  pass(4'999);
  BOOST_TEST(answers.size() == 1u);
  pass(1);
  BOOST_TEST(answers.size() == 1'025u);
}

BOOST_AUTO_TEST_CASE(shutting_down_leaves_nobody_waiting) {
  auto waiting = ask();
  auto wants = force();
  act(book.shut_down());
  BOOST_TEST((code_of(answers.at(waiting).error()) == ec::shutting_down));
  BOOST_TEST((code_of(forced_ends.at(wants)) == ec::shutting_down));
}

BOOST_AUTO_TEST_CASE(versions_of_a_later_life_are_above_those_of_an_earlier_one) {
  start("token-one");
  auto version = present().version;
  pass(10'000);
  book = token_book({});
  start("token-two");
  BOOST_TEST(present().version > version);
}

BOOST_AUTO_TEST_SUITE_END()
