#include "actors/binding_persister/bind_groups.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

struct groups_fixture {
  binding_persister_config cfg;
  std::optional<bind_groups> made;
  uint64_t next_ticket = 1;

  groups_fixture() { cfg.holder = "n1:1"; }
  bind_groups& g() {
    if (!made) made.emplace(cfg);
    return *made;
  }

  bind_batch batch(size_t n, uint32_t remaining_ms = 2'000) {
    bind_batch out;
    for (size_t i = 0; i < n; ++i) {
      bind_request r;
      r.ticket = next_ticket++;
      r.id = "id" + std::to_string(r.ticket);
      r.remaining_ms = remaining_ms;
      out.requests.push_back(r);
    }
    return out;
  }
  void add(size_t n, int64_t now = 0, uint32_t sender = 0, uint32_t remaining_ms = 2'000) {
    auto b = batch(n, remaining_ms);
    g().add(sender, b, now);
  }

  static bind_group_result all(const bind_group& group, bind_end end = bind_end::bound) {
    bind_group_result out;
    for (const auto& r : group.binds) {
      bind_result result{r.ticket, end, {}, {}};
      result.code.id = r.id;
      out.results.push_back(result);
    }
    for (const auto& c : group.claims) out.claims.push_back({c.pool, c.gen_id, {{5, c.gen_id, {"x"}}}, false});
    return out;
  }
  static size_t count(const group_effects& e, bind_end end, uint32_t sender = 0) {
    size_t n = 0;
    for (const auto& [who, results] : e.results)
      if (who == sender)
        n += static_cast<size_t>(std::count_if(results.results.begin(), results.results.end(),
                                               [&](const bind_result& r) { return r.end == end; }));
    return n;
  }
  static size_t total(const group_effects& e) {
    size_t n = 0;
    for (const auto& [who, results] : e.results) n += results.results.size();
    return n;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bind_groups_suite, groups_fixture)

BOOST_AUTO_TEST_CASE(one_group_is_under_way_and_what_gathers_is_the_next) {
  add(1);
  auto first = g().take(0);
  BOOST_REQUIRE(first.group);
  BOOST_TEST(first.group->binds.size() == 1u);
  BOOST_TEST(first.group->holder == "n1:1");
  add(300);
  BOOST_TEST(!g().take(1).group);
  g().group_ended(all(*first.group), 2);
  auto second = g().take(2);
  BOOST_TEST(count(second, bind_end::bound) == 1u);
  BOOST_REQUIRE(second.group);
  BOOST_TEST(second.group->binds.size() == 256u);
  BOOST_TEST(second.group->binds[0].ticket == 2u);
  g().group_ended(all(*second.group), 3);
  auto third = g().take(3);
  BOOST_TEST(count(third, bind_end::bound) == 256u);
  BOOST_TEST(third.group->binds.size() == 44u);
}

BOOST_AUTO_TEST_CASE(a_request_goes_to_the_store_without_a_copy_and_is_still_here_for_a_retry) {
  auto b = batch(2);
  b.requests[0].path = "pages/that/do/not/fit/into/a/string/object";
  auto where = b.requests[0].path.data();
  g().add(0, b, 0);
  auto first = g().take(0);
  BOOST_REQUIRE(first.group);
  BOOST_TEST(static_cast<const void*>(first.group->binds[0].path.data()) == static_cast<const void*>(where));
  auto at_store = *first.group; // the store still has it, as after a time-out
  g().group_ended(fail(ec::store_busy, "x"), 0);
  auto second = g().take(50);
  BOOST_REQUIRE(second.group);
  BOOST_TEST((*second.group == at_store));
}

BOOST_AUTO_TEST_CASE(what_lost_its_race_comes_back_to_who_asked) {
  add(2);
  auto e = g().take(0);
  auto answer = all(*e.group);
  answer.results[1].end = bind_end::lost_race;
  g().group_ended(answer, 1);
  auto done = g().take(1);
  BOOST_TEST(done.results[0].second.results[0].request.empty());
  BOOST_TEST((done.results[0].second.results[1].request == std::vector<bind_request>{e.group->binds[1]}));
}

BOOST_AUTO_TEST_CASE(results_go_to_who_asked_with_its_own_ticket) {
  auto a = batch(2), b = batch(2);
  for (auto* x : {&a, &b})
    for (size_t i = 0; i < 2; ++i) x->requests[i].ticket = 10 + i;
  b.requests[0].id = "other";
  g().add(3, a, 0);
  g().add(4, b, 0);
  auto e = g().take(0);
  BOOST_TEST(e.group->binds.size() == 4u);
  auto answer = all(*e.group);
  for (auto& r : answer.results) r.ticket = 999; // the order counts, whatever the store says of tickets
  g().group_ended(answer, 1);
  e = g().take(1);
  BOOST_REQUIRE_EQUAL(e.results.size(), 2u);
  BOOST_TEST(e.results[0].first == 3u);
  BOOST_TEST(e.results[1].first == 4u);
  BOOST_TEST(e.results[1].second.results[0].ticket == 10u);
  BOOST_TEST(e.results[1].second.results[0].code.id == "other");
}

BOOST_AUTO_TEST_CASE(claims_and_lot_ends_ride_along_and_go_alone) {
  g().add(2, claim_request{"p", 7, 3});
  auto e = g().take(0);
  BOOST_REQUIRE(e.group);
  BOOST_TEST(e.group->binds.empty());
  BOOST_TEST((e.group->claims == std::vector<claim_request>{{"p", 7, 3}}));
  g().add(lots_done{{1, 2}});
  add(1);
  g().group_ended(all(*e.group), 1);
  e = g().take(1);
  BOOST_REQUIRE_EQUAL(e.claims.size(), 1u);
  BOOST_TEST(e.claims[0].first == 2u);
  BOOST_TEST(!e.claims[0].second.failed);
  BOOST_TEST(e.group->binds.size() == 1u);
  BOOST_TEST(e.group->lots_done == (std::vector<uint64_t>{1, 2}), boost::test_tools::per_element());
  g().group_ended(all(*e.group), 2);
  BOOST_TEST(!g().take(2).group);
  g().add(lots_done{{3}});
  BOOST_TEST(g().take(3).group->lots_done.size() == 1u);
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_binds_fail_at_once) {
  cfg.waiting_max = 256;
  add(256);
  auto e = g().take(0); // 256 under way
  BOOST_TEST(total(e) == 0u);
  add(1);
  BOOST_TEST(count(g().take(0), bind_end::failed) == 1u);
  g().group_ended(all(*e.group), 1);
  g().take(1);
  add(257);
  BOOST_TEST(count(g().take(1), bind_end::failed) == 1u);
}

BOOST_AUTO_TEST_CASE(late_ones_are_dropped_before_the_commit_and_never_after) {
  add(1, 0);
  auto e = g().take(0);
  add(1, 0, 0, 100);
  add(1, 0, 0, 5'000);
  // The first is at the store past its deadline: its end counts, however late.
  g().tick(2'500);
  auto late = g().take(2'500);
  BOOST_TEST(count(late, bind_end::late) == 1u);
  BOOST_TEST(total(late) == 1u);
  g().group_ended(all(*e.group), 2'600);
  e = g().take(2'600);
  BOOST_TEST(count(e, bind_end::bound) == 1u);
  BOOST_TEST(e.group->binds.size() == 1u);
  BOOST_TEST(e.group->binds[0].ticket == 3u);
}

BOOST_AUTO_TEST_CASE(late_ones_are_dropped_also_without_a_tick_between) {
  add(1, 0);
  auto e = g().take(0);
  add(1, 0, 0, 100);
  g().group_ended(all(*e.group), 100);
  e = g().take(100);
  BOOST_TEST(!e.group);
  BOOST_TEST(count(e, bind_end::late) == 1u);
}

BOOST_AUTO_TEST_CASE(a_row_that_the_store_cannot_take_fails_nobody_else) {
  add(5, 0);
  g().add(1, claim_request{"p", 7, 1});
  int64_t now = 0;
  size_t bound = 0, failed = 0, groups = 0, claims = 0;
  for (auto e = g().take(now); groups < 50; e = g().take(now += 50)) {
    bound += count(e, bind_end::bound);
    failed += count(e, bind_end::failed);
    claims += e.claims.size();
    if (!e.group) {
      if (bound + failed == 5 && claims == 1) break;
      continue;
    }
    ++groups;
    bool poison = std::any_of(e.group->binds.begin(), e.group->binds.end(), [](auto& r) { return r.id == "id3"; });
    if (poison) {
      g().group_ended(fail(ec::store_failed, "row"), now);
    } else {
      g().group_ended(all(*e.group), now);
    }
  }
  BOOST_TEST(bound == 4u);
  BOOST_TEST(failed == 1u);
  BOOST_TEST(claims == 1u);
  BOOST_TEST(groups == 8u); // twice together, then six alone
}

BOOST_AUTO_TEST_CASE(a_group_that_failed_once_is_sent_once_more_as_it_was) {
  for (auto code : {ec::store_busy, ec::store_failed, ec::unavailable}) {
    made.reset();
    add(3);
    g().add(lots_done{{9}});
    auto e = g().take(0);
    auto first = *e.group;
    g().group_ended(fail(code, "x"), 0);
    BOOST_TEST(!g().take(49).group); // left alone for a moment
    e = g().take(50);
    BOOST_REQUIRE(e.group);
    BOOST_TEST((*e.group == first));
    BOOST_TEST(total(e) == 0u);
    g().group_ended(all(*e.group), 60);
    BOOST_TEST(count(g().take(60), bind_end::bound) == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_store_that_is_away_twice_fails_all_at_once) {
  add(3);
  g().take(0);
  g().group_ended(fail(ec::unavailable, "gone"), 0);
  g().take(50);
  g().group_ended(fail(ec::unavailable, "gone"), 50);
  auto e = g().take(50);
  BOOST_TEST(count(e, bind_end::failed) == 3u);
  BOOST_TEST(e.results[0].second.results[0].detail.find("gone") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(retries_are_bounded_by_the_deadline) {
  add(3, 0, 0, 80);
  g().take(0);
  g().group_ended(fail(ec::store_busy, "x"), 60);
  auto e = g().take(120);
  BOOST_TEST(!e.group);
  BOOST_TEST(count(e, bind_end::late) == 3u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_fails_all_with_its_words_and_keeps_lot_ends) {
  add(2);
  g().add(0, claim_request{"p", 7, 1});
  g().add(lots_done{{4}});
  g().take(0);
  g().group_ended(fail(ec::disk_full, "no room on /data"), 0);
  auto e = g().take(0);
  BOOST_TEST(count(e, bind_end::failed) == 2u);
  BOOST_TEST(e.results[0].second.results[0].detail.find("no room") != std::string::npos);
  BOOST_REQUIRE_EQUAL(e.claims.size(), 1u);
  BOOST_TEST(e.claims[0].second.failed);
  BOOST_TEST(!e.group); // no loop at full speed
  e = g().take(50);
  BOOST_REQUIRE(e.group);
  BOOST_TEST(e.group->lots_done.size() == 1u);
}

// -- unknown outcomes
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_unknown_outcome_is_asked_for_and_each_answer_counts) {
  add(5);
  auto e = g().take(0);
  auto group = *e.group;
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  e = g().take(0);
  BOOST_TEST(total(e) == 0u);
  BOOST_TEST(!e.group);
  BOOST_REQUIRE(e.resolve);
  BOOST_TEST((e.resolve->attempts == group.binds));
  auto answer = all(group);
  answer.results[1].end = bind_end::replay;
  answer.results[2].end = bind_end::key_reused;
  answer.results[3].end = bind_end::lost_race;
  answer.results[4].end = bind_end::failed; // no trace: it did not happen
  g().resolve_ended(answer, 10);
  e = g().take(50);
  BOOST_TEST(total(e) == 4u);
  for (auto end : {bind_end::bound, bind_end::replay, bind_end::key_reused, bind_end::lost_race})
    BOOST_TEST(count(e, end) == 1u);
  BOOST_REQUIRE(e.group); // and is tried again, with the same mark
  BOOST_TEST((e.group->binds == std::vector<bind_request>{group.binds[4]}));
  BOOST_TEST(!e.resolve);
}

BOOST_AUTO_TEST_CASE(while_it_is_unknown_the_question_is_repeated_with_back_off_and_nothing_new_is_sent) {
  add(1, 0, 0, 60'000);
  g().take(0);
  g().group_ended(fail(ec::timeout, "3 s"), 0); // a time-out may have acted
  BOOST_REQUIRE(g().take(0).resolve);
  add(1, 0, 0, 60'000);
  int64_t now = 0;
  for (int64_t wait : {50, 100, 200, 400, 800}) {
    g().resolve_ended(fail(ec::unavailable, "x"), now);
    auto e = g().take(now + wait - 1);
    BOOST_TEST(!e.resolve);
    BOOST_TEST(!e.group);
    now += wait;
    e = g().take(now);
    BOOST_TEST(e.resolve.has_value());
    BOOST_TEST(!e.group);
  }
  g().resolve_ended(bind_group_result{{{1, bind_end::bound, {}, {}}}, {}}, now);
  auto e = g().take(now);
  BOOST_TEST(count(e, bind_end::bound) == 1u);
  BOOST_TEST(e.group->binds.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_question_that_is_never_answered_does_not_stop_others_for_good) {
  add(1);
  g().take(0);
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  BOOST_TEST(g().take(0).resolve.has_value());
  add(1, 1'000, 0, 60'000);
  BOOST_TEST(!g().take(1'999).group);
  BOOST_TEST(g().take(2'000).group.has_value());
}

BOOST_AUTO_TEST_CASE(past_its_deadline_the_client_is_told_once_and_the_question_goes_on) {
  add(1, 0, 0, 500);
  g().take(0);
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  BOOST_TEST(g().take(0).resolve.has_value());
  g().tick(499);
  BOOST_TEST(total(g().take(499)) == 0u);
  g().tick(500);
  BOOST_TEST(count(g().take(500), bind_end::quarantined) == 1u);
  g().tick(600);
  BOOST_TEST(total(g().take(600)) == 0u);
  g().resolve_ended(fail(ec::unavailable, "x"), 700);
  BOOST_TEST(g().take(750).resolve.has_value());
  // Whatever it was: the client has had its one answer, and the code is not offered again.
  for (auto end : {bind_end::bound, bind_end::failed}) {
    auto copy = g();
    copy.resolve_ended(bind_group_result{{{1, end, {}, {}}}, {}}, 800);
    auto e = copy.take(800);
    BOOST_TEST(total(e) == 0u);
    BOOST_TEST(!e.group);
    BOOST_TEST(!e.resolve);
  }
}

BOOST_AUTO_TEST_CASE(not_committed_and_past_the_deadline_but_not_told_yet_is_late) {
  add(1, 0, 0, 500);
  g().take(0);
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  g().take(0);
  g().resolve_ended(bind_group_result{{{1, bind_end::failed, {}, {}}}, {}}, 510);
  BOOST_TEST(count(g().take(510), bind_end::late) == 1u);
}

BOOST_AUTO_TEST_CASE(claims_of_an_unknown_group_failed_and_its_lot_ends_are_repeated) {
  g().add(0, claim_request{"p", 7, 1});
  g().add(lots_done{{4, 5}});
  g().take(0);
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  auto e = g().take(50);
  BOOST_REQUIRE_EQUAL(e.claims.size(), 1u);
  BOOST_TEST(e.claims[0].second.failed);
  BOOST_TEST(!e.resolve);
  BOOST_TEST(e.group->lots_done.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_fit_the_group_is_no_answer) {
  add(2);
  g().take(0);
  g().group_ended(bind_group_result{}, 0);
  BOOST_TEST(g().take(0).resolve->attempts.size() == 2u);
  g().resolve_ended(bind_group_result{}, 10);
  BOOST_TEST(total(g().take(10)) == 0u);
  BOOST_TEST(g().take(60).resolve->attempts.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_quarantine_counts_against_the_limit) {
  cfg.waiting_max = 256;
  add(256);
  g().take(0);
  g().group_ended(fail(ec::outcome_unknown, "cut"), 0);
  g().take(0);
  add(1);
  BOOST_TEST(count(g().take(0), bind_end::failed) == 1u);
}

BOOST_AUTO_TEST_CASE(a_settings_mistake_is_named) {
  BOOST_TEST(!validate(cfg));
  auto bad = cfg;
  bad.holder.clear();
  BOOST_TEST((code_of(validate(bad)) == ec::invalid_config));
  bad = cfg;
  bad.group_max = 257;
  BOOST_TEST(render(validate(bad)).find("group_max") != std::string::npos);
  bad = cfg;
  bad.resolve_backoff_max_ms = 1;
  BOOST_TEST(!!validate(bad));
}

BOOST_AUTO_TEST_CASE(smaller_limits_are_for_what_comes_and_the_next_group) {
  add(10);
  g().set_limits({12, 4, 3'000});
  auto first = g().take(0);
  BOOST_REQUIRE(first.group);
  BOOST_TEST(first.group->binds.size() == 4u);
  add(5);
  BOOST_TEST(count(g().take(1), bind_end::failed) == 3u);
  g().group_ended(all(*first.group), 2);
  BOOST_TEST(g().take(2).group->binds.size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
