#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(lots_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(stock_gathers_in_lots_of_the_wanted_size, home, all_homes) {
  contract<home> c;
  c.well.stock(25, 10);
  auto level = c.well.level();
  BOOST_TEST(level.ready_lots == 2u);
  BOOST_TEST(level.ready_codes == 20u);
  BOOST_TEST(level.filling_codes == 5u);
  c.well.stock(5, 10);
  level = c.well.level();
  BOOST_TEST(level.ready_lots == 3u);
  BOOST_TEST(level.filling_codes == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lot_that_nobody_fills_is_sealed_when_it_is_old, home, all_homes) {
  contract<home> c;
  c.well.stock(5, 10);
  c.clock.pass(4'999);
  BOOST_TEST(must(c.store->seal_lots({c.well.gen_id, 5'000})).count == 0u);
  BOOST_TEST(c.well.claim(1).empty());
  c.clock.pass(1);
  BOOST_TEST(must(c.store->seal_lots({c.well.gen_id, 5'000})).count == 1u);
  BOOST_TEST(c.well.claim(1).size() == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lot_has_one_holder, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(40, 10);
  auto mine = c.well.claim(3, "n1-a"), theirs = c.well.claim(3, "n2-b");
  BOOST_TEST(mine.size() == 3u);
  BOOST_TEST(theirs.size() == 1u);
  BOOST_TEST(c.well.claim(1, "n3-c").empty());
  std::set<std::string> all;
  for (auto* lots : {&mine, &theirs})
    for (auto& lot : *lots) all.insert(lot.ids.begin(), lot.ids.end());
  BOOST_TEST(all.size() == ids.size(), "every code was handed to one holder");
  BOOST_TEST(c.well.level().held_codes == 40u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(claims_and_ends_of_lots_ride_in_the_bind_group, home, all_homes) {
  contract<home> c;
  c.well.stock(20, 10);
  auto lot = c.well.claim(1).at(0);
  std::vector<bind_request> binds;
  for (auto& id : lot.ids) binds.push_back(c.well.request(id));
  auto out = must(c.store->bind({"n1-a", binds, {{"default", c.well.gen_id, 1}}, {lot.lot_no}}));
  for (auto& r : out.results) BOOST_TEST((r.end == bind_end::bound));
  BOOST_TEST(out.claims.at(0).lots.at(0).ids.size() == 10u);
  BOOST_TEST(!out.claims.at(0).failed);
  auto level = c.well.level();
  BOOST_TEST(level.held_codes == 10u);
  BOOST_TEST(level.ready_codes == 0u);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_that_is_left_goes_back_with_its_lot, home, all_homes) {
  contract<home> c;
  c.well.stock(10, 10);
  auto lot = c.well.claim(1).at(0);
  for (size_t i = 0; i < 9; ++i) c.well.bind(c.well.request(lot.ids[i]));
  must(c.store->bind({"n1-a", {}, {}, {lot.lot_no}}));
  auto again = c.well.claim(1);
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].ids == std::vector{lot.ids[9]}, boost::test_tools::per_element());
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_ends_the_lot_of_another, home, all_homes) {
  contract<home> c;
  c.well.stock(10, 10);
  auto lot = c.well.claim(1, "n1-a").at(0);
  must(c.store->bind({"n2-b", {}, {}, {lot.lot_no, 999}}));
  BOOST_TEST(c.well.level().held_codes == 10u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_given_back_can_be_claimed_without_what_was_bound, home, all_homes) {
  contract<home> c;
  c.well.stock(20, 10);
  auto lots = c.well.claim(2, "n1-a");
  c.well.bind(c.well.request(lots[0].ids[0]));
  for (auto& id : lots[1].ids) c.well.bind(c.well.request(id));
  BOOST_TEST(must(c.store->give_back_lots({"n1-a"})).count == 2u);
  auto level = c.well.level();
  BOOST_TEST(level.ready_lots == 1u);
  BOOST_TEST(level.ready_codes == 9u);
  BOOST_TEST(level.held_codes == 0u);
  auto again = c.well.claim(5, "n2-b");
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].ids.size() == 9u);
  BOOST_TEST(must(c.store->give_back_lots({"n1-a"})).count == 0u);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_process_finds_all_stock_ready, home, all_homes) {
  contract<home> c;
  c.well.stock(25, 10);
  c.well.claim(1, "n1-a");
  must(c.store->begin_incarnation("n1", "n1-b", {"n1-a"}));
  auto level = c.well.level();
  BOOST_TEST(level.ready_codes == 25u);
  BOOST_TEST(level.ready_lots == 3u);
  BOOST_TEST(level.held_codes + level.filling_codes == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_aged_generation_dies_lot_by_lot, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(35, 10);
  BOOST_TEST((refused(c.store->age_out({c.well.gen_id, 100})) == ec::conflict), "the current one does not age");
  auto held = c.well.claim(1, "n1-a").at(0);
  auto next = must(c.store->ensure_generation("default", c.well.app_id, "{}", digest{2})).gen_id;
  must(c.store->apply_generation("default", next, "ann"));
  auto state = [&] {
    for (auto& g : must(c.store->levels({"default"})).generations)
      if (g.gen_id == c.well.gen_id) return g.state;
    return generation_state::current;
  };
  auto first = must(c.store->age_out({c.well.gen_id, 14}));
  BOOST_TEST(first.count == 14u);
  BOOST_TEST(first.ids.size() == 14u);
  c.well.verify_clean();
  BOOST_TEST(must(c.store->age_out({c.well.gen_id, 100})).count == 11u);
  BOOST_TEST((state() == generation_state::ageing), "a shelf still has codes of it");
  // Codes on a shelf are still good, and those given back age too.
  BOOST_TEST((c.well.bind(c.well.request(held.ids[0])).end == bind_end::bound));
  must(c.store->give_back_lots({"n1-a"}));
  BOOST_TEST(must(c.store->age_out({c.well.gen_id, 100})).count == 9u);
  BOOST_TEST((state() == generation_state::dead));
  BOOST_TEST((must(c.store->find_code({ids[34]})).code.reason == "aged_out"));
  BOOST_TEST((c.well.bind(c.well.request(ids[34])).end == bind_end::lost_race));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_without_its_image_dies_only_if_nobody_has_it, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(3);
  c.well.bind(c.well.request(ids[0]));
  auto killed = must(c.store->kill_codes({{ids[0], ids[1], "unknown"}, "image_lost"}));
  BOOST_TEST(killed.count == 1u);
  BOOST_TEST(killed.ids == std::vector{ids[1]}, boost::test_tools::per_element());
  BOOST_TEST((must(c.store->find_code({ids[0]})).code.state == code_state::bound));
  auto dead = must(c.store->find_code({ids[1]})).code;
  BOOST_TEST((dead.state == code_state::dead));
  BOOST_TEST(dead.reason == "image_lost");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(p1_voided_stock_is_never_issued_and_what_is_bound_stays, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(25, 10);
  auto held = c.well.claim(1).at(0);
  c.well.bind(c.well.request(held.ids[0]));
  auto before = must(c.store->identity());
  code_store::stock_void order{"operator", "a copy", {{"homes", 1'000}}, true};
  auto told = must(c.store->void_stock(order));
  BOOST_REQUIRE(told.codes.size() == 1u);
  BOOST_TEST(told.codes[0].first == c.well.pool);
  BOOST_TEST(told.codes[0].second == 24u);
  BOOST_TEST(told.newest_bound_ms == c.clock.wall);
  BOOST_TEST(must(c.store->identity()).store_uuid == before.store_uuid);
  BOOST_TEST(c.well.level().ready_codes > 0u);

  order.only_count = false;
  must(c.store->void_stock(order));
  auto after = must(c.store->identity());
  BOOST_TEST(after.store_uuid != before.store_uuid);
  BOOST_TEST(after.commit_seq > before.commit_seq);
  auto level = c.well.level();
  BOOST_TEST(level.ready_codes + level.filling_codes == 0u);
  BOOST_TEST(c.well.claim(5).empty());
  for (const auto& id : ids) {
    auto code = must(c.store->find_code({id})).code;
    BOOST_TEST((code.state == (id == held.ids[0] ? code_state::bound : code_state::dead)));
    if (id != held.ids[0]) BOOST_TEST(code.reason == "restored");
  }
  BOOST_TEST((c.well.bind(c.well.request(held.ids[1])).end == bind_end::lost_race));
  c.well.verify_clean();
  BOOST_TEST(must(c.store->void_stock(order)).codes.empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(p3_after_a_voided_stock_the_past_minute_counts_as_used_up, home, all_homes) {
  contract<home> c;
  c.well.stock(5);
  must(c.store->void_stock({"operator", "a copy", {{"homes", 1'000}, {"an app of nobody", 7}}, false}));
  auto view = must(c.store->take_lease({c.well.lease, c.well.app_id, "n1-b", {"n1-a"}, 10'000}));
  auto used = std::find_if(view.grants.begin(), view.grants.end(), [](const auto& g) { return g.sent == 1'000; });
  BOOST_REQUIRE((used != view.grants.end()));
  BOOST_TEST(used->closed);
  BOOST_TEST(used->closed_ms == c.clock.lease);
  BOOST_TEST(used->closed_by_server == c.clock.server);
}

BOOST_AUTO_TEST_SUITE_END()
