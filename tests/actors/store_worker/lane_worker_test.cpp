#include "actors/store_worker/lane_worker.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(lane_workers)

BOOST_AUTO_TEST_CASE(a_worker_that_gives_way_works_a_thirtieth_of_its_time_and_rests_no_longer_than_40_ms) {
  using us = std::chrono::microseconds;
  BOOST_TEST((rest_after(us{0}) == us{0}));
  BOOST_TEST((rest_after(us{1'000}) == us{29'000}));
  BOOST_TEST((rest_after(us{2'000'000}) == us{40'000}));
}

BOOST_AUTO_TEST_SUITE_END()
