#include "runtime/logging/repeats.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using news = log::trouble::news;

BOOST_AUTO_TEST_SUITE(repeats)

BOOST_AUTO_TEST_CASE(a_limiter_lets_one_line_of_a_kind_through_and_counts_the_others) {
  log::limiter l(10'000);
  BOOST_TEST(l.admit("disk_full", 0).value_or(99) == 0u);
  BOOST_TEST(!l.admit("disk_full", 1));
  BOOST_TEST(!l.admit("disk_full", 9'999));
  BOOST_TEST(l.admit("store_busy", 9'999).value_or(99) == 0u);
  BOOST_TEST(l.admit("disk_full", 10'000).value_or(99) == 2u);
  BOOST_TEST(!l.admit("disk_full", 10'001));
  BOOST_TEST(l.admit("disk_full", 20'000).value_or(99) == 1u);
}

BOOST_AUTO_TEST_CASE(a_limiter_remembers_a_bounded_number_of_kinds) {
  log::limiter l(10'000);
  size_t admitted = 0;
  for (int i = 0; i < 1'000; ++i) admitted += l.admit("kind " + std::to_string(i), 0).has_value() ? 1 : 0;
  BOOST_TEST(admitted == 64u);
}

BOOST_AUTO_TEST_CASE(a_trouble_is_told_once_whatever_its_numbers_are) {
  log::trouble t;
  BOOST_TEST((t.see("", 0) == news::none));
  BOOST_TEST((t.see("next try in 9 s", 0) == news::begins));
  BOOST_TEST((t.see("next try in 8 s", 1'000) == news::none));
  BOOST_TEST((t.see("next try in 10 s", 2'000) == news::none));
  BOOST_TEST((t.see("the disk is full", 3'000) == news::begins));
  BOOST_TEST((t.see("", 4'000) == news::ends));
  BOOST_TEST((t.see("", 5'000) == news::none));
}

BOOST_AUTO_TEST_CASE(one_that_comes_and_goes_is_told_again_after_a_while) {
  log::trouble t(10'000);
  BOOST_TEST((t.see("away", 0) == news::begins));
  BOOST_TEST((t.see("", 100) == news::ends));
  BOOST_TEST((t.see("away", 200) == news::none));
  BOOST_TEST((t.see("", 300) == news::none));
  BOOST_TEST((t.see("away", 9'000) == news::none));
  BOOST_TEST((t.see("away", 10'000) == news::begins));
  BOOST_TEST((t.see("", 10'001) == news::ends));
}

BOOST_AUTO_TEST_SUITE_END()
