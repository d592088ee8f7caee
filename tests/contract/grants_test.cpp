#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(grants_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lease_has_one_holder_until_it_expires, home, all_homes) {
  contract<home> c;
  auto first = must(c.store->take_lease({"app:homes", c.well.app_id, "n1-a", {}, 10'000}));
  BOOST_TEST(first.now_ms == c.clock.lease);
  BOOST_TEST(first.server == "boot-1");
  BOOST_TEST((refused(c.store->take_lease({"app:homes", c.well.app_id, "n2-b", {}, 10'000})) == ec::not_leader));
  c.clock.pass(8'000);
  BOOST_TEST(must(c.store->renew_lease({"app:homes", c.well.app_id, "n1-a", first.epoch, 10'000})).epoch ==
             first.epoch);
  c.clock.pass(8'000);
  BOOST_TEST((refused(c.store->take_lease({"app:homes", c.well.app_id, "n2-b", {}, 10'000})) == ec::not_leader));
  c.clock.pass(2'001);
  auto second = must(c.store->take_lease({"app:homes", c.well.app_id, "n2-b", {}, 10'000}));
  BOOST_TEST(second.epoch == first.epoch + 1);
  BOOST_TEST(second.seq == 0u);
  BOOST_TEST(
      (refused(c.store->renew_lease({"app:homes", c.well.app_id, "n1-a", first.epoch, 10'000})) == ec::not_leader));
  // Other leases are not touched.
  must(c.store->take_lease({"app:flats", c.well.app_id + 1, "n1-a", {}, 10'000}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_frozen_leader_opens_nothing_after_it_was_replaced, home, all_homes) {
  contract<home> c;
  auto old = c.well.opened(c.well.fresh_ids(4));
  c.clock.pass(60'000);
  must(c.store->take_lease({"app:homes", c.well.app_id, "n2-b", {}, 10'000}));
  auto late = old;
  late.seq++;
  late.ids = c.well.fresh_ids(4);
  BOOST_TEST((refused(c.store->open_grant(late)) == ec::not_leader));
  BOOST_TEST(!must(c.store->find_grant({c.well.app_id, late.epoch, late.seq})).present);
  // What it opened before still ends by its own hand: that only tells the truth.
  BOOST_TEST(must(c.store->close_grant(c.well.close_of(old))).was_open);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_takeover_sees_every_grant_as_it_is, home, all_homes) {
  contract<home> c;
  auto open = c.well.opened(c.well.fresh_ids(5));
  auto closed = c.well.opened(c.well.fresh_ids(3));
  c.clock.pass(100);
  auto close = c.well.close_of(closed);
  close.sent = 2;
  close.lost = 1;
  must(c.store->close_grant(close));
  c.clock.pass(60'000);
  auto view = must(c.store->take_lease({"app:homes", c.well.app_id, "n2-b", {}, 10'000}));
  BOOST_REQUIRE(view.grants.size() == 2u);
  BOOST_TEST(view.grants[0].units == 5u);
  BOOST_TEST(view.grants[0].holder == "n1-a");
  BOOST_TEST(!view.grants[0].closed);
  BOOST_TEST(view.grants[1].closed);
  BOOST_TEST(view.grants[1].closed_ms == c.clock.lease - 60'000);
  BOOST_TEST(view.grants[1].closed_by_server == "boot-1");
  BOOST_TEST(view.grants[1].sent == 2u);
  BOOST_TEST(view.grants[1].lost == 1u);
  must(c.store->drop_grants({c.well.app_id, {{closed.epoch, closed.seq}}}));
  BOOST_TEST(must(c.store->renew_lease({"app:homes", c.well.app_id, "n2-b", view.epoch, 10'000})).grants.size() == 1u);
  static_cast<void>(open);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_open_that_is_repeated_is_the_same_grant, home, all_homes) {
  contract<home> c;
  auto open = c.well.opened(c.well.fresh_ids(4));
  must(c.store->open_grant(open));
  BOOST_TEST(must(c.store->find_grant({c.well.app_id, open.epoch, open.seq})).present);
  auto other = open;
  other.ids = c.well.fresh_ids(4);
  BOOST_TEST((refused(c.store->open_grant(other)) == ec::conflict));
  other.ids.clear();
  BOOST_TEST((refused(c.store->open_grant(other)) == ec::invalid_request));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_grant_is_closed_once, home, all_homes) {
  contract<home> c;
  auto ids = c.well.fresh_ids(6);
  auto open = c.well.opened(ids);
  auto close = c.well.close_of(open);
  close.stocked.resize(4);
  close.dead = {{ids[4], "wechat_-1"}, {ids[5], "lost"}};
  close.lost = 1;
  close.ledger = {{"calls", 7}, {"images", 4}, {"bad_images", 1}, {"error_-1", 1}, {"lost", 1}};
  BOOST_TEST(must(c.store->close_grant(close)).was_open);
  for (int i = 0; i < 2; ++i) BOOST_TEST(!must(c.store->close_grant(close)).was_open);
  auto level = c.well.level();
  BOOST_TEST(level.filling_codes == 4u);
  BOOST_TEST(level.dead_codes == 2u);
  auto dead = must(c.store->find_code({ids[4]}));
  BOOST_TEST(dead.found);
  BOOST_TEST((dead.code.state == code_state::dead));
  BOOST_TEST(dead.code.reason == "wechat_-1");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_live_grant_lands_in_the_hands_of_who_asked, home, all_homes) {
  contract<home> c;
  auto open = c.well.opened(c.well.fresh_ids(3));
  auto close = c.well.close_of(open);
  close.holder = "n1-a";
  auto first = must(c.store->close_grant(close));
  BOOST_REQUIRE(first.lots.size() == 1u);
  BOOST_TEST(first.lots[0].ids == open.ids, boost::test_tools::per_element());
  BOOST_TEST(c.well.level().held_codes == 3u);
  BOOST_TEST(c.well.claim(1, "n2-b").empty());
  // The answer was lost: the repeat must not strand the codes.
  auto again = must(c.store->close_grant(close));
  BOOST_TEST(!again.was_open);
  BOOST_TEST((again.lots == first.lots));
  auto bound = c.well.bind(c.well.request(open.ids[0]));
  BOOST_TEST((bound.end == bind_end::bound));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_dead_process_had_open_counts_as_sent_and_lost, home, all_homes) {
  contract<home> c;
  auto ids = c.well.fresh_ids(5);
  auto open = c.well.opened(ids);
  auto foreign = grant_open{};
  c.clock.pass(500);
  must(c.store->begin_incarnation("n1", "n1-b", {"n1-a"}));
  auto view = must(c.store->take_lease({"app:homes", c.well.app_id, "n1-b", {"n1-a"}, 10'000}));
  BOOST_TEST(view.epoch == open.epoch + 1);
  BOOST_REQUIRE(view.grants.size() == 1u);
  BOOST_TEST(view.grants[0].closed);
  BOOST_TEST(view.grants[0].closed_ms == c.clock.lease);
  BOOST_TEST(view.grants[0].sent == 5u);
  BOOST_TEST(view.grants[0].lost == 5u);
  BOOST_TEST(!must(c.store->close_grant(c.well.close_of(open))).was_open);
  BOOST_TEST(c.well.level().dead_codes == 5u);
  BOOST_TEST((must(c.store->find_code({ids[0]})).code.state == code_state::dead));
  c.well.verify_clean();
  static_cast<void>(foreign);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_takeover_closes_what_its_own_dead_processes_left, home, all_homes) {
  contract<home> c;
  c.well.opened(c.well.fresh_ids(5));
  auto view = must(c.store->take_lease({"app:homes", c.well.app_id, "n1-b", {"n1-a", "n1-0"}, 10'000}));
  BOOST_TEST(view.grants.at(0).closed);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_limit_of_a_minute_is_checked, home, all_homes) {
  contract<home> c;
  c.well.stock(40);
  c.well.verify_clean(40);
  auto report = must(c.store->verify({{"homes", 39}}));
  bool seen = false;
  for (auto& f : report.findings) seen |= f.promise == "P3" && !f.ok && f.detail.find("40 calls") != std::string::npos;
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_SUITE_END()
