#include "actors/quota_manager/quota_book.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr uint32_t limit = 100;
constexpr int64_t t0 = 1'000'000;
const std::string me = "me";

lease_view view_of(uint64_t epoch, std::vector<grant_row> rows = {}) {
  return {epoch, 0, 500'000, "db1", std::move(rows)};
}

grant_row open_row(uint64_t epoch, uint64_t seq, uint32_t units, std::string holder = "other") {
  grant_row g;
  g.epoch = epoch;
  g.seq = seq;
  g.units = units;
  g.holder = std::move(holder);
  return g;
}

grant_row closed_row(uint64_t epoch, uint64_t seq, uint32_t units, uint32_t sent, uint32_t lost, int64_t age_ms) {
  auto g = open_row(epoch, seq, units);
  g.closed = true;
  g.closed_ms = 500'000 - age_ms;
  g.closed_by_server = "db1";
  g.sent = sent;
  g.lost = lost;
  return g;
}

// A book whose every step is checked.
struct checked_book : quota_book {
  using quota_book::quota_book;
  unit_counts counts() const {
    BOOST_TEST(check() == "");
    return quota_book::counts();
  }
};

struct leading {
  checked_book book{limit};
  leading() { book.take_over(view_of(7), t0); }

  // The first instant at which `units` are free.
  int64_t free_at(uint32_t units) {
    for (auto t = t0;; t += 50) {
      book.cool(t);
      if (book.counts().free >= units) return t;
      BOOST_REQUIRE(t < t0 + 200'000);
    }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(quota_book_suite)

BOOST_AUTO_TEST_CASE(nothing_is_free_without_the_lease) {
  checked_book book{limit};
  BOOST_TEST(book.counts().free == 0u);
  book.take_over(view_of(1), t0);
  BOOST_TEST(book.counts().free == limit);
  book.step_down();
  BOOST_TEST(book.counts().free == 0u);
  BOOST_TEST(!book.leads());
}

BOOST_FIXTURE_TEST_CASE(an_answered_call_keeps_its_unit_for_a_window_and_the_guard, leading) {
  auto g = book.open(16);
  BOOST_TEST((g == grant_key{7, 1}));
  BOOST_TEST(book.counts().unsent == 16u);
  book.sent(g, 1);
  BOOST_TEST(book.counts().in_flight == 1u);
  book.ended(g, unit_end::answered, t0);
  BOOST_TEST(book.counts().cooling == 1u);
  book.cool(t0 + 60'099);
  BOOST_TEST(book.counts().cooling == 1u);
  book.cool(t0 + 60'100);
  BOOST_TEST(book.counts().cooling == 0u);
  BOOST_TEST(book.counts().free == limit - 15);
}

BOOST_FIXTURE_TEST_CASE(a_lost_call_lingers_ten_seconds_more, leading) {
  auto g = book.open(1);
  book.sent(g, 1);
  book.ended(g, unit_end::lost, t0);
  BOOST_TEST(free_at(limit) == t0 + 70'100);
}

BOOST_FIXTURE_TEST_CASE(a_call_that_never_left_gives_its_unit_back_to_its_grant, leading) {
  auto g = book.open(2);
  book.sent(g, 2);
  book.ended(g, unit_end::never_written, t0);
  BOOST_TEST(book.counts().unsent == 1u);
  BOOST_TEST(book.counts().in_flight == 1u);
  BOOST_TEST(book.find(g)->sent == 1u);
  book.sent(g, 1);
  BOOST_TEST(book.counts().in_flight == 2u);
}

BOOST_FIXTURE_TEST_CASE(more_ends_or_starts_than_units_create_nothing, leading) {
  auto g = book.open(2);
  book.sent(g, 99);
  BOOST_TEST(book.counts().in_flight == 2u);
  for (int i = 0; i < 5; ++i) book.ended(g, unit_end::answered, t0);
  BOOST_TEST(book.counts().cooling == 2u);
  for (int i = 0; i < 5; ++i) book.ended(g, unit_end::never_written, t0);
  BOOST_TEST(book.counts().unsent == 0u);
  book.sent({7, 99}, 3); // a grant nobody knows
  book.ended({7, 99}, unit_end::lost, t0);
  BOOST_TEST(book.counts().free == limit - 2);
}

BOOST_FIXTURE_TEST_CASE(closing_frees_what_was_not_sent, leading) {
  auto g = book.open(16);
  book.sent(g, 10);
  for (int i = 0; i < 10; ++i) book.ended(g, i < 3 ? unit_end::lost : unit_end::answered, t0);
  auto truth = book.close(g, 10, 3, t0);
  BOOST_TEST((truth == grant_truth{16, 10, 3}));
  BOOST_TEST(book.counts().free == limit - 10);
  BOOST_TEST((book.close(g, 16, 16, t0) == truth)); // a repeat changes nothing
  BOOST_TEST(book.counts().free == limit - 10);
}

BOOST_FIXTURE_TEST_CASE(a_close_with_calls_whose_end_nobody_told_counts_them_as_lost_now, leading) {
  auto g = book.open(4);
  book.sent(g, 2);
  auto truth = book.close(g, 3, 0, t0 + 5'000);
  BOOST_TEST((truth == grant_truth{4, 3, 3}));
  BOOST_TEST(book.counts().cooling == 3u);
  BOOST_TEST(free_at(limit) == t0 + 75'100);
}

BOOST_FIXTURE_TEST_CASE(a_close_that_knows_of_more_losses_makes_the_grant_linger, leading) {
  auto g = book.open(2);
  book.sent(g, 2);
  book.ended(g, unit_end::answered, t0);
  book.ended(g, unit_end::answered, t0);
  BOOST_TEST(book.close(g, 2, 1, t0).lost == 1u);
  BOOST_TEST(free_at(limit) == t0 + 70'100);
}

BOOST_FIXTURE_TEST_CASE(a_row_is_dropped_when_it_is_written_and_cold, leading) {
  auto g = book.open(1);
  book.sent(g, 1);
  book.ended(g, unit_end::answered, t0);
  book.close(g, 1, 0, t0);
  book.cool(t0 + 60'100);
  BOOST_TEST(book.cold_rows(10).empty()); // its end is not in the store yet
  book.closed_row(g);
  BOOST_TEST(book.cold_rows(10).size() == 1u);
  book.dropped({g});
  BOOST_TEST(book.rows() == 0u);
  auto h = book.open(1);
  book.sent(h, 1);
  book.ended(h, unit_end::answered, t0 + 60'100);
  book.close(h, 1, 0, t0 + 60'100);
  book.closed_row(h);
  BOOST_TEST(book.cold_rows(10).empty()); // still cooling
}

BOOST_FIXTURE_TEST_CASE(an_open_that_did_not_happen_gives_its_units_back, leading) {
  auto g = book.open(16);
  BOOST_TEST(book.counts().free == limit - 16);
  book.withdraw(g);
  BOOST_TEST(book.counts().free == limit);
  BOOST_TEST((book.open(1) == grant_key{7, 2})); // a number is used once
}

BOOST_AUTO_TEST_CASE(a_new_leader_charges_what_nobody_closed) {
  checked_book book{limit};
  book.take_over(view_of(7, {open_row(6, 1, 16), open_row(5, 3, 4)}), t0);
  BOOST_TEST(book.counts().charged == 20u);
  BOOST_TEST(book.counts().free == limit - 20);
  book.cool(t0 + 3'600'000); // however long it takes
  BOOST_TEST(book.counts().charged == 20u);
}

BOOST_AUTO_TEST_CASE(a_new_leader_lets_closed_grants_cool_by_their_age) {
  checked_book book{limit};
  book.take_over(view_of(7, {closed_row(6, 1, 16, 10, 0, 20'000), closed_row(6, 2, 8, 8, 1, 20'000),
                             closed_row(6, 3, 9, 9, 0, 62'100), closed_row(6, 4, 9, 0, 0, 0)}),
                 t0);
  BOOST_TEST(book.counts().cooling == 18u); // the third is cold, the fourth was never used
  book.cool(t0 + 42'099);
  BOOST_TEST(book.counts().cooling == 18u);
  book.cool(t0 + 42'100); // W + G + S - age
  BOOST_TEST(book.counts().cooling == 8u);
  book.cool(t0 + 52'100); // + L
  BOOST_TEST(book.counts().cooling == 0u);
  BOOST_TEST(book.counts().free == limit);
  BOOST_TEST(book.cold_rows(10).size() == 4u);
}

BOOST_AUTO_TEST_CASE(another_servers_clock_says_nothing_of_age) {
  checked_book book{limit};
  auto row = closed_row(6, 1, 16, 16, 0, 3'600'000);
  row.closed_by_server = "db2";
  auto future = closed_row(6, 2, 1, 1, 0, -50'000); // nor does the future
  book.take_over(view_of(7, {row, future}), t0);
  BOOST_TEST(book.counts().cooling == 17u);
  book.cool(t0 + 62'099);
  BOOST_TEST(book.counts().cooling == 17u);
  book.cool(t0 + 62'100);
  BOOST_TEST(book.counts().cooling == 0u);
}

BOOST_AUTO_TEST_CASE(a_charged_grant_cools_in_full_from_when_it_is_seen_closed) {
  checked_book book{limit};
  book.take_over(view_of(7, {open_row(6, 1, 16)}), t0);
  book.refresh(view_of(7, {open_row(6, 1, 16)}), me, t0 + 3'000);
  BOOST_TEST(book.counts().charged == 16u);
  book.refresh(view_of(7, {closed_row(6, 1, 16, 10, 0, 9'000)}), me, t0 + 6'000);
  BOOST_TEST(book.counts().charged == 0u);
  BOOST_TEST(book.counts().cooling == 10u);
  BOOST_TEST(book.counts().free == limit - 10);
  book.cool(t0 + 6'000 + 72'099);
  BOOST_TEST(book.counts().cooling == 10u);
  book.cool(t0 + 6'000 + 72'100); // W + G + S + L
  BOOST_TEST(book.counts().free == limit);
  BOOST_TEST(book.cold_rows(10).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_charged_grant_whose_row_is_gone_cools_in_full) {
  checked_book book{limit};
  book.take_over(view_of(7, {open_row(6, 1, 16)}), t0);
  book.refresh(view_of(7), me, t0);
  BOOST_TEST(book.counts().cooling == 16u);
  book.cool(t0 + 72'100);
  BOOST_TEST(book.counts().free == limit);
}

BOOST_AUTO_TEST_CASE(a_former_leader_is_charged_by_itself_like_by_anybody) {
  checked_book book{limit};
  book.take_over(view_of(7), t0);
  auto g = book.open(16);
  book.sent(g, 16);
  book.step_down();
  book.ended(g, unit_end::answered, t0); // told all the same
  book.take_over(view_of(9, {open_row(7, 1, 16, me)}), t0 + 1'000);
  BOOST_TEST(book.counts().charged == 16u);
  BOOST_TEST(book.refresh(view_of(9, {open_row(7, 1, 16, me)}), me, t0).empty()); // it is in use
  for (int i = 0; i < 15; ++i) book.ended(g, unit_end::answered, t0 + 2'000);
  BOOST_TEST((book.close(g, 16, 0, t0 + 2'000) == grant_truth{16, 16, 0}));
  BOOST_TEST(book.refresh(view_of(9, {open_row(7, 1, 16, me)}), me, t0).empty()); // its end is on its way
  book.closed_row(g);
  BOOST_TEST(book.counts().charged == 16u); // until the store says it
}

BOOST_FIXTURE_TEST_CASE(a_row_that_came_late_is_reported_as_never_used, leading) {
  auto g = book.open(16);
  book.withdraw(g);
  auto unused = book.refresh(view_of(7, {open_row(7, 1, 16, me)}), me, t0);
  BOOST_REQUIRE(unused.size() == 1u);
  BOOST_TEST((unused[0] == g));
  // Not one's own: another instance of the same process, whose calls may be under way.
  BOOST_TEST(book.refresh(view_of(7, {open_row(3, 1, 16, me)}), me, t0).empty());
}

BOOST_AUTO_TEST_CASE(more_in_use_than_the_limit_is_paid_back_first) {
  checked_book book{limit};
  book.take_over(view_of(7, {open_row(6, 1, 80), closed_row(6, 2, 40, 40, 0, 0)}), t0);
  BOOST_TEST(book.counts().free == 0u);
  BOOST_TEST(book.counts().overdrawn == 20u);
  BOOST_TEST(book.when_free(20) == t0 + 62'100);
  BOOST_TEST(book.when_free(21) == INT64_MAX);
  book.cool(t0 + 62'100);
  BOOST_TEST(book.counts().free == 20u);
  BOOST_TEST(book.counts().overdrawn == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_lower_limit_withholds_units_as_they_become_free, leading) {
  auto g = book.open(16);
  book.sent(g, 16);
  for (int i = 0; i < 16; ++i) book.ended(g, unit_end::answered, t0);
  for (int i = 0; i < 5; ++i) book.open(16);
  BOOST_TEST(book.counts().free == 4u);
  book.withhold(50);
  BOOST_TEST(book.counts().free == 0u);
  BOOST_TEST(book.counts().withheld == 4u);
  BOOST_TEST(book.when_free(1) == INT64_MAX);
  book.cool(t0 + 60'100);
  BOOST_TEST(book.counts().withheld == 20u);
  BOOST_TEST(book.counts().free == 0u);
  book.withhold(90);
  BOOST_TEST(book.counts().withheld == 10u);
  BOOST_TEST(book.counts().free == 10u);
}

BOOST_AUTO_TEST_CASE(each_rule_can_be_missed) {
  quota_rules rules;
  rules.charge_open_grants = false;
  quota_book no_charge{limit, rules};
  no_charge.take_over(view_of(7, {open_row(6, 1, 16)}), t0);
  BOOST_TEST(no_charge.counts().free == limit);
  rules = {};
  rules.read_grants = false;
  quota_book empty{limit, rules};
  empty.take_over(view_of(7, {closed_row(6, 1, 16, 16, 0, 0)}), t0);
  BOOST_TEST(empty.counts().free == limit);
  rules = {};
  rules.linger = false;
  quota_book no_linger{limit, rules};
  no_linger.take_over(view_of(7, {closed_row(6, 1, 16, 16, 1, 0)}), t0);
  no_linger.cool(t0 + 62'100);
  BOOST_TEST(no_linger.counts().free == limit);
}

BOOST_AUTO_TEST_SUITE_END()
