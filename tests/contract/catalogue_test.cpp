#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(catalogue_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_store_keeps_its_identity, home, all_homes) {
  contract<home> c;
  auto before = must(c.store->identity());
  BOOST_TEST(before.schema >= 1u);
  BOOST_TEST(before.store_uuid.size() == 32u);
  c.store.reset();
  c.store = c.home.open();
  BOOST_TEST((must(c.store->identity()) == before));
  contract<home> other;
  BOOST_TEST(must(other.store->identity()).store_uuid != before.store_uuid);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_app_keeps_its_appid, home, all_homes) {
  contract<home> c;
  BOOST_TEST(must(c.store->ensure_app("homes", "wx0123456789abcdef")) == c.well.app_id);
  auto other = must(c.store->ensure_app("flats", "wxfedcba9876543210"));
  BOOST_TEST(other != c.well.app_id);
  BOOST_TEST((refused(c.store->ensure_app("homes", "wx1")) == ec::conflict));
  BOOST_TEST((refused(c.store->ensure_app("third", "wxfedcba9876543210")) == ec::conflict));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_changed_look_ages_the_old_one_and_its_return_revives_it, home, all_homes) {
  contract<home> c;
  auto old = c.well.gen_id;
  BOOST_TEST(must(c.store->ensure_generation("default", c.well.app_id, "{\"width\":430}", digest{1})).gen_id == old);
  auto next = must(c.store->ensure_generation("default", c.well.app_id, "{\"width\":600}", digest{2})).gen_id;
  BOOST_TEST(next != old);
  auto states = [&] {
    std::map<uint32_t, generation_state> out;
    for (auto& g : must(c.store->levels({"default"})).generations) out[g.gen_id] = g.state;
    return out;
  };
  BOOST_TEST((states()[old] == generation_state::current));
  auto row = must(c.store->apply_generation("default", next, "ann"));
  BOOST_TEST(row.gen_id == next);
  BOOST_TEST((states()[old] == generation_state::ageing));
  BOOST_TEST((states()[next] == generation_state::current));
  // Nothing changes, nothing is counted.
  BOOST_TEST(must(c.store->apply_generation("default", next, "ann")).version == row.version);
  BOOST_TEST(must(c.store->apply_generation("default", old, "ann")).gen_id == old);
  BOOST_TEST((states()[old] == generation_state::current));
  BOOST_TEST((states()[next] == generation_state::ageing));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_stock_of_a_look_that_returns_is_in_stock_again, home, all_homes) {
  contract<home> c;
  auto old = c.well.gen_id;
  auto ids = c.well.stock(25); // two lots of 10, and one that is not full
  auto next = must(c.store->ensure_generation("default", c.well.app_id, "{\"width\":600}", digest{2})).gen_id;
  must(c.store->apply_generation("default", next, "ann"));
  c.well.gen_id = next;
  BOOST_TEST(c.well.claim(10).empty(), "none of it is mixed into the new look's stock");
  must(c.store->apply_generation("default", old, "ann"));
  c.well.gen_id = old;
  size_t back = 0;
  for (const auto& lot : c.well.claim(10)) back += lot.ids.size();
  BOOST_TEST(back == ids.size());
  BOOST_TEST((refused(c.store->age_out({old, 100})) == ec::conflict));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pause_does_not_move_when_a_look_changed, home, all_homes) {
  contract<home> c;
  auto next = must(c.store->ensure_generation("default", c.well.app_id, "{\"width\":600}", digest{2})).gen_id;
  c.clock.pass(1'000);
  auto changed_ms = must(c.store->apply_generation("default", next, "ann")).updated_ms;
  BOOST_TEST(changed_ms == c.clock.wall);
  c.clock.pass(3'600'000);
  BOOST_TEST(must(c.store->pause({"default", true, "closed", "ann"})).updated_ms == changed_ms);
  BOOST_TEST(must(c.store->pause({"default", false, "", "ann"})).updated_ms == changed_ms);
  BOOST_TEST(must(c.store->apply_generation("default", next, "ann")).updated_ms == changed_ms); // a restart
}

BOOST_AUTO_TEST_CASE_TEMPLATE(generations_belong_to_one_pool, home, all_homes) {
  contract<home> c;
  auto other = must(c.store->ensure_generation("posters", c.well.app_id, "{\"width\":430}", digest{1})).gen_id;
  BOOST_TEST(other != c.well.gen_id);
  BOOST_TEST((refused(c.store->apply_generation("default", other, "ann")) == ec::conflict));
  BOOST_TEST((refused(c.store->apply_generation("default", 999, "ann")) == ec::not_found));
  must(c.store->apply_generation("posters", other, "ann"));
  BOOST_TEST(must(c.store->pools()).size() == 2u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pause_outlives_the_process, home, all_homes) {
  contract<home> c;
  auto row = must(c.store->pause({"default", true, "printing house is closed", "ann"}));
  BOOST_TEST(row.paused);
  c.store.reset();
  c.store = c.home.open();
  auto found = must(c.store->levels({"default"})).pool;
  BOOST_TEST(found.paused);
  BOOST_TEST(found.pause_reason == "printing house is closed");
  auto resumed = must(c.store->pause({"default", false, "ignored", "ann"}));
  BOOST_TEST(!resumed.paused);
  BOOST_TEST(resumed.pause_reason == "");
  BOOST_TEST(resumed.version == row.version + 1);
  BOOST_TEST((refused(c.store->pause({"nowhere", true, "", "ann"})) == ec::not_found));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(mac_keys_are_registered_once, home, all_homes) {
  contract<home> c;
  must(c.store->ensure_mac_key({'a', digest{1}, true, "mac"}));
  must(c.store->ensure_mac_key({'a', digest{1}, false, "mac"}));
  must(c.store->ensure_mac_key({'a', digest{2}, true, "store"}));
  must(c.store->ensure_mac_key({'A', digest{1}, true, "mac"}));
  auto keys = must(c.store->mac_keys());
  BOOST_TEST(keys.size() == 3u);
  auto first =
      std::find_if(keys.begin(), keys.end(), [](auto& k) { return k.key_char == 'a' && k.fingerprint == digest{1}; });
  BOOST_REQUIRE((first != keys.end()));
  BOOST_TEST(!first->signing);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_mac_key_that_the_store_must_judge_stays_so, home, all_homes) {
  contract<home> c;
  must(c.store->ensure_mac_key({'a', digest{1}, true, "mac"}));
  must(c.store->ensure_mac_key({'a', digest{1}, false, "store"}));
  BOOST_TEST(must(c.store->mac_keys()).at(0).verify == "store");
  must(c.store->ensure_mac_key({'a', digest{1}, true, "mac"}));
  BOOST_TEST(must(c.store->mac_keys()).at(0).verify == "store");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keys_are_added_used_and_revoked, home, all_homes) {
  contract<home> c;
  api_key key;
  key.name = "shop";
  key.owner = "shop";
  key.hash = digest{9};
  key.scopes = scope_issue | scope_read;
  key.pools = {"default", "posters"};
  key.path_prefixes = {"pages/a \"quoted\""};
  key.rate_per_s = 12.5;
  key.daily_codes = 1'000;
  key.priority = key_priority::core;
  key.expires_ms = c.clock.wall + 1;
  auto added = must(c.store->add_key({key, "ann"}));
  BOOST_TEST(added.key_id > 0u);
  BOOST_TEST(added.created_ms == c.clock.wall);
  key.key_id = added.key_id;
  key.created_ms = added.created_ms;
  BOOST_TEST((must(c.store->keys()).keys == std::vector{key}));

  BOOST_TEST((refused(c.store->add_key({key, "ann"})) == ec::conflict));
  auto same_key = key;
  same_key.name = "other";
  BOOST_TEST((refused(c.store->add_key({same_key, "ann"})) == ec::conflict));
  auto other_case = key;
  other_case.name = "Shop";
  other_case.hash = digest{10};
  BOOST_TEST(must(c.store->add_key({other_case, "ann"})).key_id != key.key_id);

  must(c.store->mark_keys_used({{key.key_id}}));
  auto seen = must(c.store->keys()).keys.at(0).last_used_ms;
  BOOST_TEST(seen > c.clock.wall - 3'600'000);
  BOOST_TEST(seen <= c.clock.wall);

  auto revoked = must(c.store->revoke_key({"shop", "ann"}));
  BOOST_TEST(revoked.disabled_ms == c.clock.wall);
  c.clock.pass(1'000);
  BOOST_TEST(must(c.store->revoke_key({"shop", "ann"})).disabled_ms == revoked.disabled_ms);
  BOOST_TEST((refused(c.store->revoke_key({"nobody", "ann"})) == ec::not_found));
  BOOST_TEST(must(c.store->keys()).keys.at(1).disabled_ms == 0);
}

BOOST_AUTO_TEST_SUITE_END()
