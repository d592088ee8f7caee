#include "actors/request_server/ladder.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

struct ladder_fixture {
  shelf_config cfg;
  ladder l{"default", cfg};
  pool_state state;
  uint64_t next_ticket = 1, next_id = 0;

  ladder_fixture() {
    state.pool = "default";
    state.gen_id = 7;
    state.level = 10'000;
    state.retry_after_s = 33;
  }
  void begin() { l.set_state(state, 0); }

  climber who(key_priority p = key_priority::normal, bool live = true) {
    climber c;
    c.ticket = next_ticket++;
    c.priority = p;
    c.live_wanted = live;
    c.deadline_ms = 2'000;
    c.live_deadline_ms = 5'000;
    return c;
  }
  std::vector<claimed_lot> lots(size_t n) {
    claimed_lot lot{++next_id, 7, {}};
    for (size_t i = 0; i < n; ++i) lot.ids.push_back("id" + std::to_string(next_id++));
    return {lot};
  }
  void claim_brings(size_t n, int64_t now = 0) {
    BOOST_REQUIRE(l.take_claim(now));
    l.claim_ended({"default", 7, n > 0 ? lots(n) : std::vector<claimed_lot>{}, false}, now);
  }
  void claim_fails(int64_t now = 0) {
    BOOST_REQUIRE(l.take_claim(now));
    l.claim_ended({"default", 7, {}, true}, now);
  }
  ladder_end only_end() {
    auto ends = l.take_ends();
    BOOST_REQUIRE_EQUAL(ends.size(), 1u);
    return ends.front();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ladder_suite, ladder_fixture)

BOOST_AUTO_TEST_CASE(before_the_pool_is_known_it_is_unavailable) {
  l.climb(who(), 0);
  BOOST_TEST((only_end().why == ec::unavailable));
}

BOOST_AUTO_TEST_CASE(from_the_shelf_it_is_stock) {
  begin();
  claim_brings(1);
  l.climb(who(), 0);
  auto end = only_end();
  BOOST_REQUIRE(end.code);
  BOOST_TEST((end.who.reached == rung::stock));
}

BOOST_AUTO_TEST_CASE(after_a_claim_it_is_lot_and_core_is_served_first) {
  begin();
  auto bulk = who(key_priority::bulk), normal = who(), core = who(key_priority::core), normal2 = who();
  for (const auto& c : {bulk, normal, core, normal2}) l.climb(c, 0);
  BOOST_TEST(l.take_ends().empty());
  BOOST_TEST(l.waiting() == 4u);
  claim_brings(3);
  auto ends = l.take_ends();
  BOOST_REQUIRE_EQUAL(ends.size(), 3u);
  BOOST_TEST(ends[0].who.ticket == core.ticket);
  BOOST_TEST(ends[1].who.ticket == normal.ticket);
  BOOST_TEST(ends[2].who.ticket == normal2.ticket);
  for (const auto& end : ends) BOOST_TEST((end.code && end.who.reached == rung::lot));
  BOOST_TEST(l.waiting() == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_store_and_no_live_is_503_with_the_pools_time) {
  begin();
  l.climb(who(), 0);
  claim_brings(0);
  auto end = only_end();
  BOOST_TEST((end.why == ec::out_of_stock));
  BOOST_TEST(end.retry_after_s == 33u);
  // Known to be empty: no second wait.
  l.climb(who(), 10);
  BOOST_TEST((only_end().why == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(an_empty_store_leads_to_live_where_pool_and_request_allow) {
  state.live_allowed = true;
  begin();
  auto a = who(), b = who(key_priority::normal, false), c = who();
  for (const auto& x : {a, b, c}) l.climb(x, 0);
  claim_brings(0);
  BOOST_TEST((only_end().why == ec::out_of_stock)); // b
  auto order = l.take_live(0);
  BOOST_REQUIRE(order);
  BOOST_TEST((order->request == live_request{"default", 2, 4'800}));
  BOOST_TEST(!l.take_live(0).has_value());
  l.live_ended(order->order, live_codes{"default", lots(2)}, 3'000);
  auto ends = l.take_ends();
  BOOST_REQUIRE_EQUAL(ends.size(), 2u);
  for (const auto& end : ends) BOOST_TEST((end.code && end.who.reached == rung::live));
}

BOOST_AUTO_TEST_CASE(fewer_live_codes_than_asked_serve_the_first) {
  state.live_allowed = true;
  begin();
  l.climb(who(), 0);
  l.climb(who(), 0);
  claim_brings(0);
  auto order = l.take_live(0);
  l.live_ended(order->order, live_codes{"default", lots(1)}, 100);
  auto ends = l.take_ends();
  BOOST_REQUIRE_EQUAL(ends.size(), 2u);
  BOOST_TEST(ends[0].code.has_value());
  BOOST_TEST((ends[1].why == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(a_refused_live_fetch_is_out_of_stock_and_is_not_repeated) {
  state.live_allowed = true;
  begin();
  l.climb(who(), 0);
  claim_brings(0);
  auto order = l.take_live(0);
  l.live_ended(order->order, fail(ec::rate_limited, "reserve used"), 100);
  BOOST_TEST((only_end().why == ec::out_of_stock));
  BOOST_TEST(!l.take_live(100).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_live_fetch_says_when_a_unit_is_free_again) {
  state.live_allowed = true;
  begin();
  l.climb(who(), 0);
  claim_brings(0);
  auto order = l.take_live(0);
  l.live_ended(order->order, fail(ec::rate_limited, "reserve used", 47), 100);
  auto end = only_end();
  BOOST_TEST((end.why == ec::out_of_stock));
  BOOST_TEST(end.retry_after_s == 47u); // newer than the pool's 33
  // Of two who share an order one got the last unit: the other need not wait for the stock.
  for (int i = 0; i < 2; ++i) l.climb(who(), 200);
  claim_brings(0, 200);
  order = l.take_live(200);
  l.live_ended(order->order, live_codes{"default", lots(1)}, 300);
  auto ends = l.take_ends();
  BOOST_REQUIRE_EQUAL(ends.size(), 2u);
  BOOST_TEST(ends[1].retry_after_s == 5u);
}

BOOST_AUTO_TEST_CASE(live_codes_that_come_too_late_are_stock) {
  state.live_allowed = true;
  begin();
  l.climb(who(), 0);
  claim_brings(0);
  auto order = l.take_live(0);
  l.tick(4'999);
  BOOST_TEST(l.take_ends().empty());
  l.tick(5'000);
  BOOST_TEST((only_end().why == ec::out_of_stock));
  l.live_ended(order->order, live_codes{"default", lots(1)}, 9'000);
  l.climb(who(), 9'000);
  auto end = only_end();
  BOOST_TEST(end.code.has_value());
  BOOST_TEST((end.who.reached == rung::stock));
}

BOOST_AUTO_TEST_CASE(no_live_fetch_without_time_for_it) {
  state.live_allowed = true;
  begin();
  auto hurried = who();
  hurried.deadline_ms = 1'000;
  hurried.live_deadline_ms = 200;
  l.climb(hurried, 0);
  claim_brings(0);
  BOOST_TEST((only_end().why == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(live_orders_under_way_are_bounded) {
  state.live_allowed = true;
  begin();
  l.climb(who(), 0);
  claim_brings(0);
  size_t orders = 0;
  for (int i = 0; i < 100; ++i) {
    l.climb(who(), 10);
    orders += l.take_live(10) ? 1 : 0;
  }
  BOOST_TEST(orders == 32u);
}

BOOST_AUTO_TEST_CASE(below_the_reserve_only_core_draws) {
  state.reserve = 100;
  state.level = 101;
  begin();
  claim_brings(50);
  l.climb(who(), 0); // 101: may
  l.climb(who(), 0); // 100: may
  l.climb(who(), 0); // 99: may not
  l.climb(who(key_priority::core), 0);
  l.climb(who(key_priority::bulk), 0);
  auto ends = l.take_ends();
  BOOST_REQUIRE_EQUAL(ends.size(), 5u);
  BOOST_TEST(ends[0].code.has_value());
  BOOST_TEST(ends[1].code.has_value());
  BOOST_TEST((ends[2].why == ec::out_of_stock));
  BOOST_TEST(ends[2].detail.find("reserve") != std::string::npos);
  BOOST_TEST(ends[3].code.has_value());
  BOOST_TEST((ends[4].why == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(below_the_reserve_others_may_still_fetch_live) {
  state.reserve = 100;
  state.level = 5;
  state.live_allowed = true;
  begin();
  claim_brings(5);
  l.climb(who(), 0);
  auto order = l.take_live(0);
  BOOST_REQUIRE(order);
  auto fetched = lots(1);
  auto id = fetched[0].ids[0];
  l.live_ended(order->order, live_codes{"default", fetched}, 10);
  auto end = only_end();
  BOOST_TEST(end.code->id == id);
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_once_is_waited_for_and_twice_is_unavailable) {
  begin();
  l.climb(who(), 0);
  claim_fails(0);
  BOOST_TEST(l.take_ends().empty());
  claim_fails(50);
  BOOST_TEST((only_end().why == ec::unavailable));
  l.climb(who(), 60);
  BOOST_TEST((only_end().why == ec::unavailable));
  claim_brings(1, 150);
  l.climb(who(), 150);
  BOOST_TEST(only_end().code.has_value());
}

BOOST_AUTO_TEST_CASE(who_waits_past_its_deadline_is_told_so) {
  begin();
  l.climb(who(), 0);
  l.take_claim(0);
  l.tick(1'999);
  BOOST_TEST(l.take_ends().empty());
  l.tick(2'000);
  BOOST_TEST((only_end().why == ec::timeout));
  BOOST_TEST(l.waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(a_new_generation_serves_those_who_wait_from_its_own_lots) {
  begin();
  l.climb(who(), 0);
  l.take_claim(0);
  state.gen_id = 8;
  l.set_state(state, 10);
  BOOST_TEST(l.take_claim(10)->gen_id == 8u);
  l.claim_ended({"default", 7, lots(5), false}, 20); // the old claim's answer
  BOOST_TEST(l.take_ends().empty());
  auto fresh = lots(5);
  fresh[0].gen_id = 8;
  l.claim_ended({"default", 8, fresh, false}, 30);
  BOOST_TEST(only_end().code->gen_id == 8u);
}

// -- link codes
// -----------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(with_nothing_left_it_is_a_link_code_after_a_live_one_was_tried) {
  state.live_allowed = true;
  begin();
  claim_brings(0);
  auto w = who();
  w.link_wanted = true;
  l.climb(w, 0);
  BOOST_TEST(l.take_ends().empty());
  auto live = l.take_live(0);
  BOOST_REQUIRE(live);
  l.live_ended(live->order, fail(ec::out_of_stock, "no"), 10);
  auto end = only_end();
  BOOST_TEST(end.link);
  BOOST_TEST((end.who.reached == rung::link));
  BOOST_TEST(!end.code);
}

BOOST_AUTO_TEST_CASE(a_live_code_that_comes_is_taken_before_a_link_code) {
  state.live_allowed = true;
  begin();
  claim_brings(0);
  auto w = who();
  w.link_wanted = true;
  l.climb(w, 0);
  auto live = l.take_live(0);
  BOOST_REQUIRE(live);
  l.live_ended(live->order, live_codes{"default", lots(1)}, 10);
  auto end = only_end();
  BOOST_TEST(end.code.has_value());
  BOOST_TEST(!end.link);
}

BOOST_AUTO_TEST_CASE(the_pool_may_put_link_codes_first) {
  state.live_allowed = true;
  begin();
  claim_brings(0);
  auto w = who();
  w.link_wanted = w.link_first = true;
  l.climb(w, 0);
  BOOST_TEST(only_end().link);
  BOOST_TEST(!l.take_live(0));
}

BOOST_AUTO_TEST_CASE(stock_and_lots_come_before_link_codes) {
  begin();
  auto w = who();
  w.link_wanted = w.link_first = true;
  l.climb(w, 0);
  BOOST_TEST(l.take_ends().empty(), "a lot may come");
  claim_brings(1);
  BOOST_TEST(only_end().code.has_value());
}

BOOST_AUTO_TEST_CASE(below_its_reserve_a_pool_still_gives_link_codes) {
  begin();
  claim_brings(3);
  state.reserve = 500;
  state.level = 10;
  l.set_state(state, 0);
  auto w = who(key_priority::normal, false);
  w.link_wanted = true;
  l.climb(w, 0);
  BOOST_TEST(only_end().link);
}

BOOST_AUTO_TEST_CASE(a_live_code_that_does_not_come_leaves_time_for_a_link_code) {
  state.live_allowed = true;
  begin();
  claim_brings(0);
  auto w = who();
  w.link_wanted = true;
  l.climb(w, 0);
  BOOST_REQUIRE(l.take_live(0));
  l.tick(4'700);
  BOOST_TEST(l.take_ends().empty());
  l.tick(4'800);
  BOOST_TEST(only_end().link);
}

BOOST_AUTO_TEST_CASE(a_pool_of_link_codes_alone_does_not_wait_for_lots) {
  state.link_allowed = true;
  state.level = state.high = 0;
  begin();
  auto w = who(key_priority::normal, false);
  w.link_wanted = true;
  l.climb(w, 0);
  BOOST_TEST(only_end().link);
}

BOOST_AUTO_TEST_SUITE_END()
