#include "tests/actors/request_server/desk_fixture.hpp"

using namespace qrwell;
using test::desk_fixture;
using test::wall_start;

BOOST_FIXTURE_TEST_SUITE(bind_ends_suite, desk_fixture)

BOOST_AUTO_TEST_CASE(a_replay_is_200_and_its_offered_code_is_free_again) {
  open();
  auto r = post();
  r.idempotency_key = "k";
  r.idempotency_key_sent = true;
  auto b = bind_of(send(r));
  bind_results x;
  auto old = view(b);
  old.id = "older";
  old.version = 3;
  old.state = code_state::revoked;
  x.results.push_back({b.ticket, bind_end::replay, old, {}});
  d().bind_ended(x, at());
  auto a = only(take());
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Idempotency-Replayed") == "true");
  BOOST_TEST(a.header("ETag") == "\"3\"");
  BOOST_TEST(a.id() == "older");
  BOOST_TEST(a.json()["state"].as_string() == "revoked");
  BOOST_TEST(!a.json().contains("rung"));
  BOOST_TEST(bind_of(send(post())).id == b.id);
}

BOOST_AUTO_TEST_CASE(each_other_end_has_its_answer_and_what_is_free_is_offered_again) {
  struct row {
    bind_end how;
    int status;
    std::string code;
    bool free;
  };
  for (const auto& expect :
       {row{bind_end::key_reused, 422, "idempotency_reuse", true}, row{bind_end::late, 503, "timeout", true},
        row{bind_end::failed, 503, "unavailable", true}, row{bind_end::quarantined, 503, "outcome_unknown", false}}) {
    made.reset();
    open();
    auto b = bind_of(send(post()));
    auto a = only(end(b, expect.how, "no room on /data"));
    BOOST_TEST(a.status == expect.status);
    BOOST_TEST(a.code() == expect.code);
    // Files and statements are the operator's business.
    BOOST_TEST(a.detail().find("/data") == std::string::npos);
    BOOST_TEST((bind_of(send(post())).id == b.id) == expect.free);
  }
}

BOOST_AUTO_TEST_CASE(a_key_past_its_daily_budget_hears_when_the_next_day_begins) {
  open();
  auto b = bind_of(send(post()));
  auto a = only(end(b, bind_end::over_budget));
  BOOST_TEST(a.status == 429);
  BOOST_TEST(a.code() == "rate_limited");
  auto day = 86'400 - (wall_start + now) / 1'000 % 86'400;
  BOOST_TEST(a.header("Retry-After") == std::to_string(day));
  BOOST_TEST(a.detail().find("daily budget") != std::string::npos);
  BOOST_TEST(bind_of(send(post())).id == b.id, "the offered code is free again");
}

BOOST_AUTO_TEST_CASE(a_lost_race_takes_the_next_code_three_times) {
  open();
  auto b = bind_of(send(post()));
  std::set<std::string> tried{b.id};
  std::set<nonce> marks{b.mark};
  for (int i = 0; i < 3; ++i) {
    now += 10;
    auto next = bind_of(end(b, bind_end::lost_race));
    BOOST_TEST(next.ticket == b.ticket);
    BOOST_TEST(next.path == b.path);
    BOOST_TEST(next.remaining_ms == 2'000u - 10u * static_cast<uint32_t>(i + 1));
    tried.insert(next.id);
    marks.insert(next.mark);
    b = next;
  }
  BOOST_TEST(tried.size() == 4u);
  BOOST_TEST(marks.size() == 4u);
  auto a = only(end(b, bind_end::lost_race));
  BOOST_TEST(a.status == 503);
  BOOST_TEST(a.code() == "unavailable");
}

BOOST_AUTO_TEST_CASE(what_lost_its_race_is_asked_again_with_all_that_was_asked) {
  open();
  auto r = post(R"({"path":"pages/a","query":{"id":5},"tags":["x"],"expires_in":60})");
  r.idempotency_key = "k1";
  r.idempotency_key_sent = true;
  auto b = bind_of(send(r));
  auto next = bind_of(end(b, bind_end::lost_race));
  BOOST_TEST(next.id != b.id);
  b.id = next.id;
  b.mark = next.mark;
  BOOST_TEST((next == b));
  auto a = only(end(next, bind_end::bound));
  BOOST_TEST(a.header("X-Request-Id") == r.request_id);
  BOOST_TEST(a.json()["rung"].as_string() == "stock");
}

BOOST_AUTO_TEST_CASE(a_lost_race_that_brings_nothing_back_binds_nothing) {
  open();
  auto b = bind_of(send(post()));
  bind_results x;
  x.results.push_back({b.ticket, bind_end::lost_race, {}, {}});
  d().bind_ended(x, at());
  auto e = take();
  BOOST_TEST(e.binds.requests.empty());
  BOOST_TEST(only(e).status == 500);
}

BOOST_AUTO_TEST_CASE(a_result_that_nobody_waits_for_changes_nothing) {
  open();
  auto b = bind_of(send(post()));
  end(b, bind_end::bound);
  BOOST_TEST(end(b, bind_end::bound).answers.empty());
  auto next = bind_of(send(post())); // the same slot, another ticket
  BOOST_TEST(end(b, bind_end::late).answers.empty());
  BOOST_TEST(only(end(next, bind_end::bound)).id() == next.id);
}

BOOST_AUTO_TEST_CASE(a_bind_without_an_end_is_answered_as_unknown_and_its_code_never_offered_again) {
  open(2);
  auto b = bind_of(send(post()));
  now += 2'000 + cfg.answer_grace_ms - 1;
  BOOST_TEST(tick().answers.empty());
  now += 1;
  auto a = only(tick());
  BOOST_TEST(a.code() == "outcome_unknown");
  d().keys_read(keys, at());
  BOOST_TEST(bind_of(send(post())).id != b.id);
}

BOOST_AUTO_TEST_CASE(lots_whose_codes_are_all_resolved_are_told) {
  open(2);
  auto a = bind_of(send(post())), b = bind_of(send(post()));
  BOOST_TEST(end(a, bind_end::bound).done_lots.lots.empty());
  BOOST_TEST(end(b, bind_end::bound).done_lots.lots == std::vector<uint64_t>{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
