#include "actors/quota_manager/rate_state.hpp"

#include "actors/quota_manager/pace.hpp"
#include "actors/quota_manager/use_meter.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t minute = 60'000, hour = 60 * minute;
constexpr int64_t noon = 1'795'233'600'000; // 2026-11-21 12:00 in Shanghai

struct app {
  rate_state rate{1'000};
  int64_t t = 1'000'000, wall = noon;

  void pass(int64_t ms) {
    t += ms;
    wall += ms;
    rate.advance(t, wall);
  }
  bool may_open() { return rate.next_grant_ms(t, wall) <= t; }
  void complain() { rate.complained(t, wall); }
  void try_with(uint32_t answered, uint32_t complaints) {
    BOOST_TEST(may_open());
    BOOST_TEST(rate.opened(t));
    BOOST_TEST(!may_open()); // one at a time
    for (uint32_t i = 0; i < complaints; ++i) complain();
    rate.trial_ended(answered, t);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(rate_state_suite)

BOOST_AUTO_TEST_CASE(the_shanghai_day_begins_at_five_past_midnight) {
  BOOST_TEST(next_shanghai_day_ms(noon) == noon + 12 * hour + 5 * minute);
  BOOST_TEST(next_shanghai_day_ms(noon + 12 * hour + 4 * minute) == noon + 12 * hour + 5 * minute);
  BOOST_TEST(next_shanghai_day_ms(noon + 12 * hour + 5 * minute) == noon + 36 * hour + 5 * minute);
  BOOST_TEST(next_shanghai_day_ms(0) == 16 * hour + 5 * minute);
}

BOOST_FIXTURE_TEST_CASE(the_first_complaint_halves_and_silences, app) {
  BOOST_TEST(may_open());
  BOOST_TEST(rate.grant_units_max() == 16u);
  complain();
  BOOST_TEST(to_string(rate.mode()) == "slowed");
  BOOST_TEST(rate.effective() == 500u);
  BOOST_TEST(!may_open());
  pass(10'000);
  complain(); // of a call that was under way: the same event
  rate.sent(t + 1'000);
  BOOST_TEST(rate.effective() == 500u);
  pass(65'999);
  BOOST_TEST(!may_open());
  pass(1);
  BOOST_TEST(may_open());
  BOOST_TEST(rate.grant_units_max() == 2u);
}

BOOST_FIXTURE_TEST_CASE(an_answer_after_the_silence_lets_it_grow, app) {
  complain();
  pass(65'000);
  try_with(2, 0);
  BOOST_TEST(may_open());
  BOOST_TEST(rate.grant_units_max() == 16u);
  BOOST_TEST(rate.effective() == 500u);
  pass(minute);
  BOOST_TEST(rate.effective() == 510u);
  pass(48 * minute);
  BOOST_TEST(rate.effective() == 990u);
  BOOST_TEST(to_string(rate.mode()) == "slowed");
  pass(minute);
  BOOST_TEST(rate.effective() == 1'000u);
  BOOST_TEST(to_string(rate.mode()) == "normal");
}

BOOST_FIXTURE_TEST_CASE(a_later_complaint_halves_again_but_not_for_ever, app) {
  for (auto expected : {500u, 250u, 125u, 62u, 62u}) {
    complain();
    BOOST_TEST(rate.effective() == expected);
    pass(65'000);
    try_with(1, 0);
  }
}

BOOST_FIXTURE_TEST_CASE(two_complaints_in_a_row_close, app) {
  complain();
  pass(65'000);
  try_with(2, 2);
  BOOST_TEST(to_string(rate.mode()) == "closed");
  pass(10 * minute - 1);
  BOOST_TEST(!may_open());
  pass(1);
  BOOST_TEST(rate.grant_units_max() == 1u);
  try_with(1, 1);
  BOOST_TEST(to_string(rate.mode()) == "closed");
  BOOST_TEST(!may_open());
  pass(10 * minute);
  try_with(1, 0); // a probe goes through
  BOOST_TEST(to_string(rate.mode()) == "slowed");
  BOOST_TEST(may_open());
}

BOOST_FIXTURE_TEST_CASE(in_a_row_also_means_over_two_trials, app) {
  complain();
  pass(65'000);
  try_with(1, 1); // the other call was lost
  BOOST_TEST(to_string(rate.mode()) == "slowed");
  try_with(1, 1);
  BOOST_TEST(to_string(rate.mode()) == "closed");
}

BOOST_FIXTURE_TEST_CASE(one_of_each_means_that_the_minute_is_full, app) {
  complain();
  pass(65'000);
  try_with(2, 1);
  BOOST_TEST(to_string(rate.mode()) == "slowed");
  BOOST_TEST(rate.effective() == 250u);
  BOOST_TEST(!may_open());
}

BOOST_FIXTURE_TEST_CASE(closed_opens_with_the_new_day, app) {
  complain();
  pass(65'000);
  try_with(2, 2);
  pass(12 * hour + 4 * minute - 65'000);
  BOOST_TEST(to_string(rate.mode()) == "closed");
  pass(minute);
  BOOST_TEST(to_string(rate.mode()) == "normal");
  BOOST_TEST(rate.effective() == 1'000u);
  BOOST_TEST(may_open());
}

BOOST_FIXTURE_TEST_CASE(a_trial_that_was_not_used_is_followed_by_another, app) {
  complain();
  pass(65'000);
  try_with(0, 0);
  BOOST_TEST(may_open());
  BOOST_TEST(rate.grant_units_max() == 2u);
}

BOOST_AUTO_TEST_CASE(the_pace_spreads_grants_over_the_minute) {
  pace p;
  int64_t t = 1'000'000;
  uint32_t units = 0;
  for (; t < 1'000'000 + 600'000; ++t)
    while (p.next_ms() <= t) {
      p.used(16, 5'000, t);
      units += 16;
    }
  BOOST_TEST(units / 10 > 5'000u);
  BOOST_TEST(units / 10 < 5'120u);
  t += 3'600'000; // a long pause is not made up for
  uint32_t burst = 0;
  while (p.next_ms() <= t) {
    p.used(16, 5'000, t);
    burst += 16;
  }
  BOOST_TEST(burst == 80u);
}

BOOST_AUTO_TEST_CASE(the_meter_counts_sixty_seconds) {
  use_meter m;
  m.sent(3, 1'000'000);
  m.sent(2, 1'030'000);
  BOOST_TEST(m.used(1'030'000) == 5u);
  m.took_back();
  BOOST_TEST(m.used(1'059'999) == 4u);
  BOOST_TEST(m.used(1'060'000) == 1u);
  BOOST_TEST(m.used(1'090'000) == 0u);
  m.took_back();
  BOOST_TEST(m.used(1'090'000) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
