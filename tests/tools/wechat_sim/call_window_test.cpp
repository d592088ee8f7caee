#include "tools/wechat-sim/call_window.hpp"

#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace qrwell::sim;

BOOST_AUTO_TEST_SUITE(call_window_suite)

BOOST_AUTO_TEST_CASE(a_minute_is_half_open) {
  call_window window;
  window.add(0);
  BOOST_TEST(window.in_last_minute(59'999'999) == 1U);
  BOOST_TEST(window.in_last_minute(60'000'000) == 0U);
  window.add(60'000'000);
  BOOST_TEST(window.busiest() == 1U);
}

BOOST_AUTO_TEST_CASE(the_busiest_minute_is_that_of_a_count_over_all_minutes) {
  std::mt19937 random{7};
  for (int round = 0; round < 20; ++round) {
    call_window window;
    std::vector<int64_t> times;
    int64_t now = 0;
    for (int i = 0; i < 300; ++i) {
      now += static_cast<int64_t>(random() % 2'000'000);
      times.push_back(now);
      window.add(now);
    }
    std::size_t busiest = 0;
    for (auto end : times) {
      std::size_t inside = 0;
      for (auto t : times) inside += t <= end && t > end - call_window::length_us ? 1 : 0;
      busiest = std::max(busiest, inside);
    }
    BOOST_TEST(window.busiest() == busiest);
    BOOST_TEST(window.total() == 300U);
  }
}

BOOST_AUTO_TEST_CASE(a_quiet_time_does_not_forget_the_busiest_minute) {
  call_window window;
  for (int64_t i = 0; i < 50; ++i) window.add(i);
  window.add(10 * call_window::length_us);
  BOOST_TEST(window.busiest() == 50U);
  BOOST_TEST(window.in_last_minute(10 * call_window::length_us) == 1U);
}

BOOST_AUTO_TEST_CASE(a_day_begins_at_midnight_in_china) {
  constexpr int64_t hour_us = 3600LL * 1'000'000;
  constexpr int64_t day_us = 24 * hour_us;
  day_counter counter;
  counter.add(100 * day_us + 15 * hour_us); // 23:00 in China
  BOOST_TEST(counter.today(100 * day_us + 16 * hour_us - 1) == 1U);
  BOOST_TEST(counter.today(100 * day_us + 16 * hour_us) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
