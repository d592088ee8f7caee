#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

using namespace qrwell;
using namespace qrwell::test;

namespace {

bind_request reusing(rig& well, const std::string& id, uint8_t target = 1) {
  auto r = well.request(id);
  r.reuse_hash = digest{target};
  return r;
}

bind_result recall(code_store& store, const bind_request& r) {
  return must(store.recall({{r}})).results.at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(reuse_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(one_target_spends_one_code_also_within_one_group, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(4);
  auto first = c.well.bind({reusing(c.well, ids[0]), reusing(c.well, ids[1]), reusing(c.well, ids[2], 2)});
  BOOST_TEST((first[0].end == bind_end::bound));
  BOOST_TEST((first[1].end == bind_end::reused));
  BOOST_TEST((first[2].end == bind_end::bound));
  BOOST_TEST(first[1].code.id == ids[0]);
  auto again = c.well.bind(reusing(c.well, ids[3]));
  BOOST_TEST((again.end == bind_end::reused));
  BOOST_TEST(again.code.id == ids[0]);
  BOOST_TEST((must(c.store->find_code({ids[1]})).code.state == code_state::stocked));
  auto other = reusing(c.well, ids[1]);
  other.owner = "another";
  BOOST_TEST((c.well.bind(other).end == bind_end::bound), "never another owner's");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_revoked_expired_or_moved_is_not_reused, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(4);
  auto expiring = reusing(c.well, ids[0]);
  expiring.expires_after_s = 60;
  c.well.bind(expiring);
  c.clock.pass(60'000);
  BOOST_TEST((c.well.bind(reusing(c.well, ids[1])).end == bind_end::bound), "the first has expired");
  code_change move;
  move.id = ids[1];
  move.set_target_path = true;
  move.path = "pages/elsewhere/index";
  must(c.store->change(move));
  BOOST_TEST((c.well.bind(reusing(c.well, ids[2])).end == bind_end::bound), "the second has another target");
  code_change revoke;
  revoke.id = ids[2];
  revoke.revoke = true;
  must(c.store->change(revoke));
  BOOST_TEST((c.well.bind(reusing(c.well, ids[3])).end == bind_end::bound), "the third is revoked");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_ends_before_the_asked_end_or_within_a_minute_is_not_reused, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(6);
  auto until = [&](size_t i, int64_t after_ms) {
    auto r = reusing(c.well, ids[i]);
    r.expires_ms = after_ms == 0 ? 0 : c.clock.wall + after_ms;
    return r;
  };
  BOOST_TEST((c.well.bind(until(0, 3'600'000)).end == bind_end::bound));
  BOOST_TEST((c.well.bind(until(1, 3'600'000)).end == bind_end::reused));
  BOOST_TEST((c.well.bind(until(1, 60'000)).end == bind_end::reused));
  auto longer = until(1, 0);
  longer.expires_after_s = 3'601;
  BOOST_TEST((recall(*c.store, longer).end == bind_end::failed));
  BOOST_TEST((c.well.bind(until(1, 0)).end == bind_end::reused), "without an end of its own it is content with one");
  c.clock.pass(3'540'000);
  BOOST_TEST((c.well.bind(until(1, 0)).end == bind_end::bound), "but not with the last minute of one");
  BOOST_TEST((c.well.bind(until(2, 86'400'000)).end == bind_end::reused), "the one without an end");
  c.well.verify_clean();
}

// A request with a key and `reuse` used to be answered without a trace of its key.
BOOST_AUTO_TEST_CASE_TEMPLATE(p5_a_key_gets_what_is_reused_written_down_without_an_offered_code, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  c.well.bind(reusing(c.well, ids[0]));
  auto keyed = c.well.keyed("", "k");
  keyed.reuse_hash = digest{1};
  BOOST_TEST((c.well.bind(keyed).end == bind_end::reused));
  BOOST_TEST((recall(*c.store, c.well.keyed("", "k", 2)).end == bind_end::key_reused));
  auto gone = c.well.keyed("", "other");
  gone.reuse_hash = digest{2};
  BOOST_TEST((c.well.bind(gone).end == bind_end::lost_race), "nothing to reuse, and nothing was offered");
  gone.id = ids[1];
  gone.mark = nonce{97};
  BOOST_TEST((c.well.bind(gone).end == bind_end::bound), "and no trace of the key");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_key_that_got_a_reused_code_gets_it_again, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(3);
  c.well.bind(reusing(c.well, ids[0]));
  auto keyed = c.well.keyed(ids[1], "k");
  keyed.reuse_hash = digest{1};
  BOOST_TEST((c.well.bind(keyed).end == bind_end::reused));
  keyed.id = ids[2];
  keyed.mark = nonce{99};
  auto replay = c.well.bind(keyed);
  BOOST_TEST((replay.end == bind_end::replay));
  BOOST_TEST(replay.code.id == ids[0]);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_request_got_before_is_known_without_a_code, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  c.well.bind(c.well.keyed(ids[0], "k"));
  c.well.bind(reusing(c.well, ids[1], 5));
  auto again = recall(*c.store, c.well.keyed("", "k"));
  BOOST_TEST((again.end == bind_end::replay));
  BOOST_TEST(again.code.id == ids[0]);
  BOOST_TEST((recall(*c.store, c.well.keyed("", "k", 2)).end == bind_end::key_reused));
  BOOST_TEST((recall(*c.store, c.well.keyed("", "new")).end == bind_end::failed));
  auto reused = recall(*c.store, reusing(c.well, "", 5));
  BOOST_TEST((reused.end == bind_end::reused));
  BOOST_TEST(reused.code.id == ids[1]);
  BOOST_TEST((recall(*c.store, reusing(c.well, "", 6)).end == bind_end::failed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_keys_budget_of_a_day_is_kept_also_within_one_group, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(6);
  auto budgeted = [&](size_t i) {
    auto r = c.well.request(ids[i]);
    r.key_id = 7;
    r.daily_codes_max = 2;
    return r;
  };
  BOOST_TEST((c.well.bind(budgeted(0)).end == bind_end::bound));
  auto group = c.well.bind({budgeted(1), budgeted(2)});
  BOOST_TEST((group[0].end == bind_end::bound));
  BOOST_TEST((group[1].end == bind_end::over_budget));
  BOOST_TEST((c.well.bind(budgeted(2)).end == bind_end::over_budget));
  auto keyed = budgeted(3);
  keyed.idempotency_key = "k";
  BOOST_TEST((c.well.bind(keyed).end == bind_end::over_budget));
  c.clock.pass(24 * 3'600'000);
  keyed.mark = nonce{98};
  BOOST_TEST((c.well.bind(keyed).end == bind_end::bound), "a refused request leaves no trace of its key");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_budget_of_a_day_is_new_at_00_00_utc_and_not_before, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(8);
  auto budgeted = [&](size_t i) {
    auto r = c.well.request(ids[i]);
    r.key_id = 7;
    r.daily_codes_max = 2;
    return r;
  };
  constexpr int64_t day = 24 * 3'600'000;
  c.clock.pass(day - c.clock.wall % day - 1); // the last millisecond of a day
  BOOST_TEST((c.well.bind(budgeted(0)).end == bind_end::bound));
  BOOST_TEST((c.well.bind(budgeted(1)).end == bind_end::bound));
  BOOST_TEST((c.well.bind(budgeted(2)).end == bind_end::over_budget));
  c.clock.pass(1);
  auto group = c.well.bind({budgeted(2), budgeted(3), budgeted(4)});
  BOOST_TEST((group[0].end == bind_end::bound));
  BOOST_TEST((group[1].end == bind_end::bound));
  BOOST_TEST((group[2].end == bind_end::over_budget));
  c.clock.pass(day - 1);
  BOOST_TEST((c.well.bind(budgeted(4)).end == bind_end::over_budget), "as long as it is that day");
  c.clock.pass(1);
  BOOST_TEST((c.well.bind(budgeted(4)).end == bind_end::bound));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_link_code_is_born_bound_and_costs_no_stock, home, all_homes) {
  contract<home> c;
  auto link = c.well.request("aLink000000000000001");
  link.link_prefix = "https://q.example.cn/";
  auto made = c.well.bind(link);
  BOOST_TEST((made.end == bind_end::bound));
  BOOST_TEST((made.code.kind == code_kind::link));
  BOOST_TEST(made.code.version == 1u);
  BOOST_TEST(made.code.link_prefix == "https://q.example.cn/");
  auto record = must(c.store->find_code({link.id}));
  BOOST_TEST((record.code == made.code), "what is read back is what was answered");
  BOOST_TEST(must(c.store->find_scenes({{link.id}})).scenes.size() == 1u);
  auto again = c.well.request(link.id, "another");
  again.link_prefix = link.link_prefix;
  BOOST_TEST((c.well.bind(again).end == bind_end::lost_race), "an id is given once");
  BOOST_TEST((c.well.bind(link).end == bind_end::bound), "the same attempt, come again");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_SUITE_END()
