#include "actors/store_worker/lane_queue.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

using queue = lane_queue<std::unique_ptr<int>>;

std::unique_ptr<int> job(int n) {
  return std::make_unique<int>(n);
}

} // namespace

BOOST_AUTO_TEST_SUITE(lane_queue_suite)

BOOST_AUTO_TEST_CASE(higher_lanes_go_first_and_a_lane_keeps_its_order) {
  queue q{{"scan", "bind", "bulk"}, 10};
  q.push(2, job(5));
  q.push(1, job(3));
  q.push(1, job(4));
  q.push(0, job(1));
  q.push(0, job(2));
  for (int expected : {1, 2, 3, 4, 5}) BOOST_TEST(**q.pop() == expected);
  BOOST_TEST(!q.pop());
}

BOOST_AUTO_TEST_CASE(a_full_lane_refuses_and_leaves_the_job_with_its_owner) {
  queue q{{"scan", "bulk"}, 2};
  BOOST_TEST(q.push(1, job(1)));
  BOOST_TEST(q.push(1, job(2)));
  auto third = job(3);
  BOOST_TEST(!q.push_from(1, third));
  BOOST_REQUIRE(third);
  BOOST_TEST(*third == 3);
  BOOST_TEST(q.push(0, job(4)), "a full lane must not fill the others");
  BOOST_TEST(q.waiting() == 3u);
  BOOST_TEST(q.lanes()[1].refused == 1u);
}

BOOST_AUTO_TEST_CASE(a_flood_delays_a_lower_lane_by_a_bounded_number_of_jobs) {
  queue q{{"bind", "stock", "bulk"}, 1'000};
  q.push(1, job(-1));
  q.push(2, job(-2));
  int stock_at = 0, bulk_at = 0;
  for (int i = 1; i <= 100; ++i) {
    q.push(0, job(i));
    auto taken = **q.pop();
    if (taken == -1) stock_at = i;
    if (taken == -2) bulk_at = i;
  }
  BOOST_TEST(stock_at == int{queue::passed_max} + 1);
  BOOST_TEST(bulk_at == int{queue::passed_max} + 2);
}

BOOST_AUTO_TEST_SUITE_END()
