#include "actors/pool_stocker/stock_estimate.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

struct stock_fixture {
  stock_estimate stock;
  int64_t t = 1'000'000;

  void tell(uint64_t free, uint64_t held) {
    stock.asked();
    stock.told(free, held, t);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(stock_estimate_suite, stock_fixture)

BOOST_AUTO_TEST_CASE(without_a_shelf_the_store_is_believed) {
  BOOST_TEST(stock.level(t) == 0u);
  tell(60, 40);
  BOOST_TEST(stock.level(t) == 100u);
  BOOST_TEST(stock.at_most(t) == 100u);
  stock.closed(16, false);
  BOOST_TEST(stock.level(t) == 116u);
}

BOOST_AUTO_TEST_CASE(the_shelf_knows_what_is_left_of_held_lots_as_long_as_it_reports) {
  tell(60, 40);
  stock.reported(10, 0, t += 100);
  BOOST_TEST(stock.level(t) == 70u);
  BOOST_TEST(stock.at_most(t) == 70u);
  t += 5'000;
  BOOST_TEST(stock.level(t) == 100u);
}

BOOST_AUTO_TEST_CASE(what_was_closed_while_the_store_was_asked_may_be_in_its_answer) {
  tell(100, 0);
  stock.closed(16, false); // before it is asked: in the answer for certain
  stock.asked();
  stock.closed(4, false); // perhaps
  stock.told(116, 0, t);
  BOOST_TEST(stock.level(t) == 120u);
  tell(120, 0);
  BOOST_TEST(stock.level(t) == 120u);
}

BOOST_AUTO_TEST_CASE(a_lot_that_moves_to_the_shelf_is_never_missing_in_the_bound) {
  tell(400, 0);
  stock.reported(0, 0, t += 500);
  BOOST_TEST(stock.at_most(t) == 400u);
  t += 500;
  tell(150, 250); // claimed after the shelf's report
  BOOST_TEST(stock.level(t) == 150u);
  BOOST_TEST(stock.at_most(t) == 400u);
  stock.reported(250, 0, t + 10); // perhaps of before the claim, for all that is known
  BOOST_TEST(stock.at_most(t + 10) == 400u);
  stock.reported(250, 0, t += 500);
  BOOST_TEST(stock.level(t) == 400u);
  BOOST_TEST(stock.at_most(t) == 400u);
}

BOOST_AUTO_TEST_CASE(the_bound_sinks_with_what_is_issued) {
  tell(300, 100);
  stock.reported(100, 0, t += 100);
  t += 900;
  tell(200, 200); // a lot of 100 is claimed
  stock.reported(150, 50, t += 100);
  BOOST_TEST(stock.level(t) == 350u);
  BOOST_TEST(stock.at_most(t) == 350u); // the report before said 400, and 50 were issued since
  stock.reported(90, 60, t += 1'000);
  BOOST_TEST(stock.at_most(t) == 290u);
}

BOOST_AUTO_TEST_CASE(live_codes_count_until_the_shelf_has_them) {
  tell(0, 0);
  stock.reported(0, 0, t += 100);
  stock.closed(5, true);
  BOOST_TEST(stock.level(t) == 0u); // they are for who asked
  BOOST_TEST(stock.at_most(t) == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
