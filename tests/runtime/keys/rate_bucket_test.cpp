#include "runtime/keys/rate_bucket.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(rate_bucket_suite)

BOOST_AUTO_TEST_CASE(a_second_of_requests_at_once_then_one_by_one) {
  rate_bucket bucket;
  for (uint64_t i = 0; i < 10; ++i) {
    auto v = bucket.take(10, 5'000);
    BOOST_TEST(v.allowed);
    BOOST_TEST(v.limit == 10u);
    BOOST_TEST(v.remaining == 9 - i);
  }
  auto refused = bucket.take(10, 5'000);
  BOOST_TEST(!refused.allowed);
  BOOST_TEST(refused.retry_after_s == 1u);
  BOOST_TEST(refused.reset_s == 1u);
  BOOST_TEST(!bucket.take(10, 5'099).allowed);
  BOOST_TEST(bucket.take(10, 5'100).allowed);
  BOOST_TEST(!bucket.take(10, 5'100).allowed);
}

BOOST_AUTO_TEST_CASE(over_any_time_no_more_than_the_rate_and_one_burst) {
  rate_bucket bucket;
  int allowed = 0;
  for (int64_t ms = 0; ms < 60'000; ms += 3) allowed += bucket.take(25, ms).allowed ? 1 : 0;
  BOOST_TEST(allowed <= 25 * 60 + 25);
  BOOST_TEST(allowed >= 25 * 60);
}

BOOST_AUTO_TEST_CASE(a_slow_rate_says_when_to_come_back) {
  rate_bucket bucket;
  BOOST_TEST(bucket.take(0.1, 0).allowed);
  auto refused = bucket.take(0.1, 1'000);
  BOOST_TEST(!refused.allowed);
  BOOST_TEST(refused.limit == 1u);
  BOOST_TEST(refused.remaining == 0u);
  BOOST_TEST(refused.retry_after_s == 9u);
  BOOST_TEST(bucket.take(0.1, 10'000).allowed);
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_gives_nothing) {
  rate_bucket bucket;
  BOOST_TEST(bucket.take(1, 10'000).allowed);
  BOOST_TEST(!bucket.take(1, 0).allowed);
  BOOST_TEST(!bucket.take(1, 500).allowed);
}

BOOST_AUTO_TEST_CASE(its_header_lines_are_those_of_its_numbers) {
  rate_bucket bucket;
  BOOST_TEST(rate_lines(bucket.take(0, 0)) == "");
  BOOST_TEST(rate_lines(bucket.take(10, 0)) ==
             "RateLimit-Limit: 10\r\nRateLimit-Remaining: 9\r\nRateLimit-Reset: 1\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
