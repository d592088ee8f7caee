#include "actors/pool_stocker/demand_meter.hpp"
#include "actors/pool_stocker/fill_pace.hpp"
#include "actors/pool_stocker/generation_probe.hpp"
#include "actors/pool_stocker/stock_books.hpp"
#include "actors/pool_stocker/stock_plan.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t midnight_ms = 1'789'689'600'000; // 2026-09-18 00:00 UTC, a Friday
constexpr int64_t hour_ms = 3'600'000;

stock_plan night_plan() {
  return {1'000, 5'000, *parse_windows({"daily 00:00-07:00", "daily 13:00-17:00 share 40%"}, "UTC")};
}

plan_output at(int64_t wall_ms, uint64_t level, uint64_t under_way = 0) {
  plan_input in;
  in.wall_ms = wall_ms;
  in.level = level;
  in.under_way = under_way;
  return night_plan().decide(in);
}

bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stock_plan_suite)

BOOST_AUTO_TEST_CASE(inside_a_window_up_to_high_at_its_share) {
  auto night = at(midnight_ms + hour_ms, 2'000, 300);
  BOOST_TEST(night.due == 2'700u);
  BOOST_TEST(night.share == 1.0);
  BOOST_TEST(says(night.sentence, "until 2026-09-18 07:00 (UTC)"));
  auto noon = at(midnight_ms + 14 * hour_ms, 2'000);
  BOOST_TEST(noon.due == 3'000u);
  BOOST_TEST(noon.share == 0.4);
  BOOST_TEST(says(noon.sentence, "40 %"));
  BOOST_TEST(at(midnight_ms + hour_ms, 5'000).due == 0u);
  BOOST_TEST(says(at(midnight_ms + hour_ms, 5'000).sentence, "Full"));
}

BOOST_AUTO_TEST_CASE(outside_only_up_to_low) {
  auto idle = at(midnight_ms + 8 * hour_ms, 1'000);
  BOOST_TEST(idle.due == 0u);
  BOOST_TEST(says(idle.sentence, "2026-09-18 13:00"));
  auto low = at(midnight_ms + 8 * hour_ms, 900, 40);
  BOOST_TEST(low.due == 60u);
  BOOST_TEST(low.share == 1.0);
  BOOST_TEST(at(midnight_ms + 8 * hour_ms, 900, 100).due == 0u);
}

BOOST_AUTO_TEST_CASE(below_low_at_full_rate_even_in_a_small_window) {
  auto noon = at(midnight_ms + 14 * hour_ms, 900);
  BOOST_TEST(noon.share == 1.0);
  BOOST_TEST(noon.due == 100u);
}

BOOST_AUTO_TEST_CASE(the_clock_is_followed_through_a_change) {
  auto plan = night_plan();
  plan_input in;
  in.level = 2'000;
  in.wall_ms = midnight_ms + 7 * hour_ms - 1;
  BOOST_TEST(plan.decide(in).due == 3'000u);
  in.wall_ms += 1;
  BOOST_TEST(plan.decide(in).due == 0u);
  in.wall_ms = midnight_ms + 13 * hour_ms;
  BOOST_TEST(plan.decide(in).share == 0.4);
  in.wall_ms = midnight_ms + hour_ms; // somebody set the clock back
  BOOST_TEST(plan.decide(in).share == 1.0);
}

BOOST_AUTO_TEST_CASE(an_operator_fills_at_any_time) {
  plan_input in;
  in.wall_ms = midnight_ms + 8 * hour_ms;
  in.level = 2'000;
  in.under_way = 16;
  in.extra = 500;
  auto plan = night_plan();
  BOOST_TEST(plan.decide(in).due == 484u);
  in.extra = 0;
  in.to_high = true;
  BOOST_TEST(plan.decide(in).due == 2'984u);
  BOOST_TEST(plan.decide(in).share == 1.0);
}

BOOST_AUTO_TEST_CASE(a_hold_is_said_and_nothing_is_due) {
  plan_input in;
  in.wall_ms = midnight_ms;
  in.hold = "Paused: page is missing.";
  in.hold_for_ms = 42'300;
  auto out = night_plan().decide(in);
  BOOST_TEST(out.due == 0u);
  BOOST_TEST(out.sentence == "Paused: page is missing.");
  BOOST_TEST(out.retry_after_s == 43u);
}

BOOST_AUTO_TEST_CASE(retry_after_is_honest) {
  plan_input in;
  in.wall_ms = midnight_ms;
  BOOST_TEST(night_plan().decide(in).retry_after_s == 2u); // just begun
  in.per_minute = 60;
  BOOST_TEST(night_plan().decide(in).retry_after_s == 1u);
  in.waiting = 9; // ten codes, one a second
  BOOST_TEST(night_plan().decide(in).retry_after_s == 10u);
  in.waiting = 0;
  in.level = 7;
  in.reserve = 10; // which others than core keys must wait to be exceeded: four codes
  BOOST_TEST(night_plan().decide(in).retry_after_s == 4u);
  in.level = 0;
  in.reserve = 0;
  stock_plan closed{0, 5'000, *parse_windows({"daily 13:00-17:00"}, "UTC")};
  BOOST_TEST(closed.decide(in).retry_after_s == 13u * 3'600);
  // Who finds nothing left is not told of the stock that was there a second ago.
  in.level = 300;
  BOOST_TEST(closed.decide(in).retry_after_s == 13u * 3'600);
  in.level = 5'000;
  in.per_minute = 6;
  BOOST_TEST(night_plan().decide(in).retry_after_s == 10u);
  in.hold = "Waiting.";
  in.hold_for_ms = 48'000;
  BOOST_TEST(night_plan().decide(in).retry_after_s == 48u);
}

BOOST_AUTO_TEST_CASE(never_more_is_begun_than_high_holds_whatever_the_stock_turns_out_to_be) {
  plan_input in;
  in.wall_ms = midnight_ms + hour_ms; // up to high, which is 5,000
  in.level = 4'900;
  BOOST_TEST(night_plan().decide(in).due == 100u);
  in.level_at_most = 4'960;
  in.under_way = 16;
  BOOST_TEST(night_plan().decide(in).due == 24u);
  in.level_at_most = 5'100;
  BOOST_TEST(night_plan().decide(in).due == 0u);
  // Below low it is filled at once, and what may be there as well does not hold it up, unless low is high.
  in.level = 900;
  in.level_at_most = 1'050;
  BOOST_TEST(night_plan().decide(in).due == 84u);
  stock_plan narrow{1'000, 1'000, {}};
  BOOST_TEST(narrow.decide(in).due == 0u);
  // What an operator asks for comes beside the plan.
  in.level = in.level_at_most = 5'000;
  in.extra = 50;
  BOOST_TEST(night_plan().decide(in).due == 34u);
}

BOOST_AUTO_TEST_CASE(demand_is_measured_over_a_time_that_fits_it) {
  demand_meter demand;
  int64_t t = 5'000'000;
  BOOST_TEST(demand.outlook(100, t) == "the demand is not known yet");
  demand.issued(0, t);
  t += 120'000;
  BOOST_TEST(demand.minutes_left(100, t) == -1.0);
  BOOST_TEST(demand.outlook(100, t - 61'000) == "the demand is not known yet");
  BOOST_TEST(demand.outlook(100, t) == "no demand seen in the 2 min since the start");
  demand.issued(1, t); // one code is no rush
  BOOST_TEST(demand.minutes_left(100, t) == 100.0, boost::test_tools::tolerance(0.01));
  for (int i = 0; i < 600; ++i) demand.issued(10, t += 1'000);
  BOOST_TEST(demand.minutes_left(6'000, t) == 10.0, boost::test_tools::tolerance(0.05));
  BOOST_TEST(demand.outlook(6'300, t) == "runs dry in 10 min at the present demand if no more come");
  BOOST_TEST(demand.outlook(0, t) == "empty while codes are asked for");
  for (int i = 0; i < 60; ++i) demand.issued(1'000, t += 1'000); // a rush is seen within a minute
  BOOST_TEST(demand.minutes_left(60'000, t) < 1.3);
  BOOST_TEST(demand.outlook(30'000, t) == "runs dry in less than a minute at the present demand if no more come");
  t += 30 * 60'000;
  demand.issued(0, t);
  BOOST_TEST(demand.minutes_left(6'000, t) > 0); // of the last hour
  t += 31 * 60'000;
  demand.issued(0, t);
  BOOST_TEST(demand.outlook(100, t) == "no demand seen in the last hour");
}

BOOST_AUTO_TEST_CASE(eleven_dead_of_the_last_hundred_are_too_many) {
  stock_books books;
  books.stocked(300, 0);
  books.dead(10);
  BOOST_TEST(!books.too_many_dead());
  books.stocked(89, 0);
  books.dead(1); // the 10 are still among the last 100
  BOOST_TEST(books.too_many_dead());
  books.stocked(1, 0);
  BOOST_TEST(!books.too_many_dead()); // the first of them is not any more
  books.forgive();
  books.dead(10);
  BOOST_TEST(!books.too_many_dead());
  books.dead(1);
  BOOST_TEST(books.too_many_dead()); // without waiting for 100
}

BOOST_AUTO_TEST_CASE(per_minute_forgets_after_a_minute) {
  stock_books books;
  books.stocked(10, 1'000);
  books.stocked(5, 30'000);
  BOOST_TEST(books.per_minute(60'000) == 15u);
  BOOST_TEST(books.per_minute(61'000) == 5u);
  BOOST_TEST(books.per_minute(90'000) == 0u);
}

BOOST_AUTO_TEST_CASE(a_share_is_held_over_time) {
  share_bucket bucket;
  uint32_t got = 0;
  for (int64_t t = 1'000'000; t <= 1'060'000; t += 200) {
    auto units = bucket.available(0.4, 4'800, t);
    bucket.used(units);
    got += units;
  }
  BOOST_TEST(got >= 1'919u);
  BOOST_TEST(got <= 1'936u); // 1,920 and the first burst
  BOOST_TEST(bucket.available(1, 4'800, 1'060'000) == 16u);
}

BOOST_AUTO_TEST_CASE(pauses_grow_while_nothing_succeeds) {
  back_off pause;
  BOOST_TEST(!pause.troubled());
  int64_t now = 0;
  for (int64_t wait : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
    pause.failed(now);
    pause.failed(now + 10); // a call of the same outage
    BOOST_TEST(pause.until_ms() == now + wait);
    now = pause.until_ms();
  }
  pause.succeeded();
  BOOST_TEST(!pause.troubled());
  pause.failed(now);
  BOOST_TEST(pause.until_ms() == now + 1'000);
}

BOOST_AUTO_TEST_CASE(probes_that_differ_stop_at_once_and_cut_ones_at_the_third) {
  generation_probe probe{1'000};
  BOOST_TEST(probe.one_at_a_time());
  BOOST_TEST(probe.want() == 5u);
  probe.good();
  BOOST_TEST(!probe.one_at_a_time());
  BOOST_TEST(probe.want() == 4u);
  BOOST_TEST(probe.bad("truncated") == "");
  BOOST_TEST(probe.bad("truncated") == "");
  BOOST_TEST(says(probe.bad("truncated"), "truncated"));
  probe.again();
  BOOST_TEST(says(probe.bad("wrong_size"), "wrong_size"));
  for (int i = 0; i < 5; ++i) probe.good();
  BOOST_TEST(probe.passed());
  BOOST_TEST(probe.bad("byte_equal") == "");
  generation_probe small{2}; // more than that the pool may not hold
  BOOST_TEST(small.want() == 2u);
  small.good();
  BOOST_TEST(!small.passed());
  small.good();
  BOOST_TEST(small.passed());
}

BOOST_AUTO_TEST_CASE(a_pool_of_link_codes_alone_makes_nothing) {
  plan_input in;
  in.wall_ms = midnight_ms + hour_ms;
  auto plan = stock_plan(0, 0, *parse_windows({"daily 00:00-07:00"}, "UTC")).decide(in);
  BOOST_TEST(plan.due == 0u);
  BOOST_TEST(says(plan.sentence, "Stocks nothing"));
}

BOOST_AUTO_TEST_SUITE_END()
