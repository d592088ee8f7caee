#include "actors/request_server/shelf.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

struct shelf_fixture {
  shelf_config cfg;
  shelf s{"default", cfg};
  uint64_t next_id = 0;

  shelf_fixture() { s.change_generation(7); }

  claimed_lot lot(uint64_t number, size_t n, uint32_t gen = 7) {
    claimed_lot out{number, gen, {}};
    for (size_t i = 0; i < n; ++i) out.ids.push_back("id" + std::to_string(next_id++));
    return out;
  }
  claim_result brought(std::vector<claimed_lot> lots) { return {"default", 7, std::move(lots), false}; }
  claim_result nothing() { return {"default", 7, {}, false}; }
  claim_result failed() { return {"default", 7, {}, true}; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(shelf_suite, shelf_fixture)

BOOST_AUTO_TEST_CASE(codes_come_off_in_order_and_once) {
  s.add({lot(1, 3)});
  BOOST_TEST(s.take()->id == "id0");
  BOOST_TEST(s.take()->id == "id1");
  BOOST_TEST(s.take()->id == "id2");
  BOOST_TEST(!s.take().has_value());
}

BOOST_AUTO_TEST_CASE(a_lot_is_done_when_all_its_codes_are_resolved) {
  s.add({lot(1, 2), lot(2, 1)});
  auto a = *s.take(), b = *s.take();
  s.resolve(a.lot_no, a.gen_id, code_end::bound);
  BOOST_TEST(s.take_done().empty());
  s.give_back(b);
  BOOST_TEST(s.take()->id == b.id);
  BOOST_TEST(s.take_done().empty());
  s.resolve(b.lot_no, b.gen_id, code_end::lost);
  BOOST_TEST(s.take_done() == std::vector<uint64_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(s.take_done().empty());
  BOOST_TEST(s.lots() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lot_with_a_code_of_unknown_fate_is_never_called_done) {
  s.add({lot(1, 2)});
  for (int i = 0; i < 2; ++i) {
    auto c = *s.take();
    s.resolve(c.lot_no, c.gen_id, i == 0 ? code_end::stuck : code_end::bound);
  }
  BOOST_TEST(s.take_done().empty());
  BOOST_TEST(s.lots() == 0u);
}

BOOST_AUTO_TEST_CASE(an_empty_lot_is_done_at_once) {
  s.add({lot(5, 0)});
  BOOST_TEST(s.take_done() == std::vector<uint64_t>{5}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_lot_that_comes_twice_is_taken_once) {
  auto l = lot(1, 2);
  s.add({l});
  s.add({l});
  BOOST_TEST(s.codes() == 2u);
}

BOOST_AUTO_TEST_CASE(after_some_lost_races_in_a_row_the_rest_of_the_lot_is_left) {
  s.add({lot(1, 100), lot(2, 1)});
  for (uint32_t i = 0; i < cfg.lost_races_max; ++i) {
    auto c = *s.take();
    BOOST_TEST(c.lot_no == 1u);
    s.resolve(c.lot_no, c.gen_id, code_end::lost);
  }
  BOOST_TEST(s.take()->lot_no == 2u);
  BOOST_TEST(s.take_done().empty());
}

BOOST_AUTO_TEST_CASE(a_bound_code_between_them_starts_the_count_again) {
  s.add({lot(1, 100)});
  for (int i = 0; i < 50; ++i) {
    auto c = *s.take();
    s.resolve(c.lot_no, c.gen_id, i % 5 == 4 ? code_end::bound : code_end::lost);
  }
  BOOST_TEST(s.codes() == 50u);
}

BOOST_AUTO_TEST_CASE(a_new_generation_drops_the_old_shelf) {
  s.add({lot(1, 5)});
  auto taken = *s.take();
  s.change_generation(8);
  BOOST_TEST(s.codes() == 0u);
  s.give_back(taken);
  s.resolve(taken.lot_no, taken.gen_id, code_end::bound);
  s.add({lot(2, 5)});
  s.claim_ended(brought({lot(3, 5)}), 0);
  BOOST_TEST(s.codes() == 0u);
  BOOST_TEST(s.take_done().empty());
  s.add({lot(4, 5, 8)});
  BOOST_TEST(s.codes() == 5u);
  s.change_generation(8);
  BOOST_TEST(s.codes() == 5u);
}

BOOST_AUTO_TEST_CASE(nothing_is_claimed_before_the_generation_is_known) {
  shelf fresh{"default", cfg};
  BOOST_TEST(!fresh.claim_due(5, 0).has_value());
}

BOOST_AUTO_TEST_CASE(one_lot_is_kept_ahead_when_idle) {
  auto claim = s.claim_due(0, 0);
  BOOST_REQUIRE(claim);
  BOOST_TEST((*claim == claim_request{"default", 7, 1}));
  BOOST_TEST(!s.claim_due(0, 0).has_value()); // one at a time
  s.claim_ended(brought({lot(1, 200)}), 0);
  BOOST_TEST(!s.claim_due(0, 0).has_value());
  s.take();
  BOOST_TEST(s.claim_due(0, 0)->lots == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_of_the_present_rate_is_held) {
  s.claim_due(0, 0);
  s.claim_ended(brought({lot(1, 100)}), 0);
  s.measure(0);
  s.add({lot(2, 2'000)});
  for (int i = 0; i < 1'500; ++i) s.take();
  s.measure(1'000);
  BOOST_TEST(s.rate_per_s() == 1'500);
  auto codes = s.codes();
  auto claim = s.claim_due(0, 1'000);
  BOOST_REQUIRE(claim);
  auto lots = claim->lots;
  s.claim_ended(brought({}), 1'000);
  BOOST_TEST(lots > 0u);
  BOOST_TEST(codes == 600u);
  // The rate sinks slowly, so that a pause of a moment does not empty the plan.
  s.measure(2'000);
  BOOST_TEST(s.rate_per_s() == 1'200);
}

BOOST_AUTO_TEST_CASE(codes_given_back_do_not_count_as_issued) {
  s.add({lot(1, 10)});
  s.measure(0);
  for (int i = 0; i < 5; ++i) s.give_back(*s.take());
  s.measure(1'000);
  BOOST_TEST(s.rate_per_s() == 0);
  BOOST_TEST(s.take_issued() == 0u);
  // One that was told as issued and comes back is taken off the next ones.
  auto code = s.take();
  BOOST_TEST(s.take_issued() == 1u);
  s.give_back(*code);
  s.take();
  BOOST_TEST(s.take_issued() == 0u);
  s.take();
  BOOST_TEST(s.take_issued() == 1u);
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_claimed_for_within_the_limit_of_lots) {
  auto claim = s.claim_due(1'000, 0);
  BOOST_TEST(claim->lots == 11u); // (1000 + one lot ahead) / 100
  s.claim_ended(nothing(), 0);
  for (uint64_t i = 1; i <= cfg.lots_max - 1; ++i) s.add({lot(i, 1)});
  BOOST_TEST(s.claim_due(1'000'000, 10'000)->lots == 1u);
  s.claim_ended(brought({lot(900, 1)}), 10'000);
  BOOST_TEST(!s.claim_due(1'000'000, 20'000).has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_claim_backs_off_and_doubles) {
  int64_t now = 0;
  for (int64_t wait : {50, 100, 200, 400, 800, 1'000, 1'000}) {
    BOOST_REQUIRE(s.claim_due(1, now));
    s.claim_ended(failed(), now);
    BOOST_TEST(!s.claim_due(1, now + wait - 1).has_value());
    BOOST_TEST(s.more_may_come(now)); // the store may have some
    now += wait;
  }
  BOOST_TEST(s.failures() == 7u);
  BOOST_REQUIRE(s.claim_due(1, now));
  s.claim_ended(brought({lot(1, 1)}), now);
  BOOST_TEST(s.failures() == 0u);
  BOOST_REQUIRE(s.claim_due(1, now));
}

BOOST_AUTO_TEST_CASE(a_claim_that_found_nothing_says_so_for_a_while) {
  BOOST_TEST(s.more_may_come(0));
  s.claim_due(1, 0);
  s.claim_ended(nothing(), 0);
  BOOST_TEST(!s.more_may_come(49));
  BOOST_TEST(s.more_may_come(50));
  BOOST_TEST(s.failures() == 0u);
}

BOOST_AUTO_TEST_CASE(a_claim_without_an_answer_does_not_stop_claiming_for_good) {
  BOOST_REQUIRE(s.claim_due(1, 0));
  BOOST_TEST(!s.claim_due(1, cfg.claim_timeout_ms - 1).has_value());
  BOOST_TEST(s.claim_due(1, cfg.claim_timeout_ms).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
