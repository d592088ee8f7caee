#include "tools/qrload/histogram.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using qrwell::load::histogram;

BOOST_AUTO_TEST_SUITE(histograms)

BOOST_AUTO_TEST_CASE(every_value_comes_back_within_one_percent) {
  for (double exact = 1; exact < 4e12; exact *= 1.37) {
    auto value = static_cast<uint64_t>(exact);
    histogram h;
    h.add(value);
    h.add(5'000'000'000'000); // so that max_ns() does not help
    auto shown = static_cast<double>(h.at(0.5));
    BOOST_TEST(std::abs(shown - static_cast<double>(value)) <= 0.01 * static_cast<double>(value),
               value << " " << shown);
  }
}

BOOST_AUTO_TEST_CASE(percentiles_are_those_of_the_sorted_values) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(14, 2);
  histogram h;
  std::vector<uint64_t> all;
  for (int i = 0; i < 200'000; ++i) {
    all.push_back(static_cast<uint64_t>(times(random)));
    h.add(all.back());
  }
  std::sort(all.begin(), all.end());
  for (double part : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    auto exact = static_cast<double>(all[static_cast<size_t>(std::ceil(part * 200'000)) - 1]);
    BOOST_TEST(std::abs(static_cast<double>(h.at(part)) - exact) <= 0.01 * exact, part);
  }
  BOOST_TEST(h.max_ns() == all.back());
  BOOST_TEST(h.at(1) <= h.max_ns());
  BOOST_TEST(h.count() == 200'000u);
}

BOOST_AUTO_TEST_CASE(the_ends_hold) {
  histogram h;
  BOOST_TEST(h.at(0.99) == 0u);
  h.add(0);
  BOOST_TEST(h.at(0.5) == 0u);
  h.add(UINT64_MAX);
  BOOST_TEST(h.max_ns() == UINT64_MAX);
  BOOST_TEST(h.at(1) > 4'000'000'000'000u);
}

BOOST_AUTO_TEST_CASE(two_can_be_made_one) {
  histogram a, b;
  a.add(100);
  b.add(1'000'000);
  a.merge(b);
  BOOST_TEST(a.count() == 2u);
  BOOST_TEST(a.at(0.5) == 100u);
  BOOST_TEST(a.max_ns() == 1'000'000u);
}

BOOST_AUTO_TEST_SUITE_END()
