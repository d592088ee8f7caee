#include "actors/transfer_server/slice_pace.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(slice_pace_suite)

BOOST_AUTO_TEST_CASE(slices_shrink_while_they_take_long_and_grow_again) {
  slice_pace pace{{}};
  for (int i = 0; i < 20; ++i) pace.took(500, pace.rows(), 0);
  BOOST_TEST(pace.rows() == 50u);
  pace.took(20'000, 50, 0);
  BOOST_TEST(pace.rows() == 25u);
  for (int i = 0; i < 20; ++i) pace.took(20'000, pace.rows(), 0);
  BOOST_TEST(pace.rows() == 5u, "but never end");
  for (int i = 0; i < 40; ++i) pace.took(500, pace.rows(), 0);
  BOOST_TEST(pace.rows() == 50u);
}

BOOST_AUTO_TEST_CASE(the_pause_leaves_the_store_the_rest_of_its_time) {
  slice_pace pace{{}};
  BOOST_TEST(pace.took(3'000, 25, 0) == 7'000);
  BOOST_TEST(pace.took(10, 25, 0) == 1'000, "never none");
  BOOST_TEST(pace.took(10'000'000, 25, 0) == 250'000, "never for long");
  slice_pace_config greedy;
  greedy.share_percent = 100;
  BOOST_TEST(slice_pace{greedy}.took(3'000, 25, 0) == 1'000);
}

BOOST_AUTO_TEST_CASE(a_short_last_slice_does_not_make_the_next_larger) {
  slice_pace pace{{}};
  auto before = pace.rows();
  for (int i = 0; i < 10; ++i) pace.took(100, 1, 0);
  BOOST_TEST(pace.rows() == before);
}

BOOST_AUTO_TEST_CASE(beside_binds_slices_are_few_and_small) {
  slice_pace pace{{}};
  BOOST_TEST(pace.took(2'000, 25, 1) == 198'000);
  BOOST_TEST(pace.rows() == 5u);
  for (int i = 0; i < 40; ++i) pace.took(500, pace.rows(), 3);
  BOOST_TEST(pace.rows() == 5u, "however quick the store is");
  BOOST_TEST(pace.took(50, 5, 1) == 15'000, "nor is the pause");
  BOOST_TEST(pace.took(1'000, 5, 0) == 99'000, "one slice without a bind beside it is luck");
  for (int i = 0; i < 60; ++i) pace.took(500, pace.rows(), 0);
  BOOST_TEST(pace.rows() == 50u, "alone again");
  BOOST_TEST(pace.took(3'000, 50, 0) == 7'000);
}

BOOST_AUTO_TEST_SUITE_END()
