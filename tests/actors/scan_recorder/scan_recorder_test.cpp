#include "actors/scan_recorder/scan_counts.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

scans_seen seen(std::string id, uint64_t count, uint32_t launch = 1047) {
  return {{{std::move(id), launch, count}}};
}

uint64_t total(const scans_seen& scans) {
  uint64_t sum = 0;
  for (const auto& scan : scans.scans) sum += scan.count;
  return sum;
}

} // namespace

BOOST_AUTO_TEST_SUITE(scan_counts_suite)

BOOST_AUTO_TEST_CASE(launch_scenes_that_wechat_does_not_have_become_one) {
  scan_counts counts{{}};
  for (uint32_t launch : {1u, 999u, 1'400u, 42'000u, 99'999u}) counts.add(seen("a", 1, launch));
  counts.add(seen("a", 1, 1'399));
  auto batch = counts.take(5'000).scans;
  BOOST_REQUIRE(batch.size() == 2u);
  auto other = batch[0].launch == 0 ? batch[0] : batch[1];
  BOOST_TEST((other == scan_count{"a", 0, 5}));
}

BOOST_AUTO_TEST_CASE(scans_of_one_id_and_launch_become_one_row) {
  scan_counts counts{{}};
  counts.add(seen("a", 1));
  counts.add(seen("a", 2));
  counts.add(seen("a", 5, 1011));
  auto batch = counts.take(5'000);
  BOOST_TEST(batch.scans.size() == 2u);
  BOOST_TEST(total(batch) == 8u);
}

BOOST_AUTO_TEST_CASE(one_batch_at_a_time_and_not_before_its_time) {
  scan_counts counts{{}};
  counts.add(seen("a", 1));
  BOOST_TEST(counts.take(4'999).scans.empty());
  BOOST_TEST(!counts.take(5'000).scans.empty());
  counts.add(seen("b", 1));
  BOOST_TEST(counts.take(20'000).scans.empty());
  counts.written();
  BOOST_TEST(counts.take(20'000).scans.at(0).id == "b");
}

BOOST_AUTO_TEST_CASE(many_ids_do_not_wait_for_the_clock) {
  scan_counts counts{{5'000, 10, 100, 1'000}};
  for (int i = 0; i < 25; ++i) counts.add(seen(std::to_string(i), 1));
  BOOST_TEST(counts.take(1).scans.size() == 25u);
}

BOOST_AUTO_TEST_CASE(p9_a_flush_goes_in_small_steps_until_nothing_is_left) {
  scan_recorder_config cfg;
  cfg.rows_per_write_max = 10;
  scan_counts counts{cfg};
  for (int i = 0; i < 25; ++i) counts.add(seen(std::to_string(i), 1));
  std::vector<size_t> steps;
  for (auto batch = counts.take(5'000); !batch.scans.empty(); batch = counts.take(5'001)) {
    steps.push_back(batch.scans.size());
    counts.written();
  }
  BOOST_TEST(steps == (std::vector<size_t>{10, 10, 5}), boost::test_tools::per_element());
  counts.add(seen("late", 1));
  BOOST_TEST(counts.take(5'002).scans.empty());
}

BOOST_AUTO_TEST_CASE(what_the_store_did_not_take_is_kept) {
  scan_counts counts{{}};
  counts.add(seen("a", 3));
  BOOST_TEST(total(counts.take(5'000)) == 3u);
  counts.not_written();
  counts.add(seen("a", 1));
  BOOST_TEST(total(counts.take(10'000)) == 4u);
  counts.written();
  BOOST_TEST(counts.recorded() == 4u);
  BOOST_TEST(counts.dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(past_its_limit_it_drops_and_counts_what_it_drops) {
  scan_counts counts{{5'000, 10, 10, 1'000}};
  for (int i = 0; i < 15; ++i) counts.add(seen(std::to_string(i), 2));
  BOOST_TEST(counts.waiting() == 10u);
  BOOST_TEST(counts.dropped() == 10u);
  counts.add(seen("3", 1));
  BOOST_TEST(counts.dropped() == 10u);
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_is_refused) {
  BOOST_TEST(!validate(scan_recorder_config{}));
  BOOST_TEST(!!validate(scan_recorder_config{0, 1, 1, 1}));
  BOOST_TEST(!!validate(scan_recorder_config{1, 2, 1, 1}));
}

BOOST_AUTO_TEST_CASE(other_limits_count_from_now_on) {
  scan_counts counts{{}};
  counts.add(seen("a", 1));
  BOOST_TEST(counts.take(1'000).scans.empty());
  counts.set_limits({1'000, 3'000, 2, 3});
  BOOST_TEST(counts.take(1'000).scans.size() == 1u);
  counts.written();
  for (int i = 0; i < 5; ++i) counts.add(seen(std::to_string(i), 1));
  BOOST_TEST(counts.waiting() == 3u);
  BOOST_TEST(counts.dropped() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
