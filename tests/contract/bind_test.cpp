#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

#include <fmt/format.h>

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(bind_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bound_code_says_all_that_was_asked, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.clock.pass(5'000);
  auto request = c.well.request(id);
  request.tags = "[\"spring\",\"\\u4e2d\\u6587\"]";
  request.query = "{\"q\":\"\xe4\xb8\xad\xe6\x96\x87\"}";
  request.expires_after_s = 60;
  request.expires_ms = 1; // the one by the store's clock goes first
  auto result = c.well.bind(request);
  BOOST_REQUIRE((result.end == bind_end::bound));
  auto& code = result.code;
  BOOST_TEST(code.id == id);
  BOOST_TEST(code.pool == "default");
  BOOST_TEST((code.state == code_state::bound));
  BOOST_TEST((code.kind == code_kind::wxacode));
  BOOST_TEST(code.version == 1u);
  BOOST_TEST(code.owner == "shop");
  BOOST_TEST(code.path == request.path);
  BOOST_TEST(code.query == request.query);
  BOOST_TEST(code.tags == request.tags);
  BOOST_TEST(code.bound_ms == c.clock.wall);
  BOOST_TEST(code.expires_ms == c.clock.wall + 60'000);
  BOOST_TEST(code.stocked_ms == c.clock.wall - 5'000);
  BOOST_TEST(code.image_format == "jpeg");
  BOOST_TEST(code.image_bytes == 4'321u);
  BOOST_TEST((code.image_sha == digest{7}));

  auto record = must(c.store->find_code({id}));
  BOOST_TEST((record.code == code), "what is read back is what was answered");
  BOOST_REQUIRE(record.history.size() == 1u);
  BOOST_TEST(record.history[0].op == "bind");
  BOOST_TEST(record.history[0].actor == "key:shop");
  BOOST_TEST(record.history[0].request_id == "req-1");
  auto scenes = must(c.store->find_scenes({{id, "unknown"}}));
  BOOST_REQUIRE(scenes.scenes.size() == 1u);
  BOOST_TEST((scenes.scenes[0] == scene{id, code_state::bound, 1, request.path, request.query, c.clock.wall + 60'000}));
  BOOST_TEST(scenes.now_ms == c.clock.wall);
  BOOST_TEST(!must(c.store->find_code({"unknown"})).found);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_code_goes_to_one_of_many_who_ask, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  auto results = c.well.bind({c.well.request(ids[0], "a"), c.well.request(ids[0], "b"), c.well.request(ids[1], "c")});
  BOOST_TEST((results[0].end == bind_end::bound));
  BOOST_TEST((results[1].end == bind_end::lost_race));
  BOOST_TEST((results[2].end == bind_end::bound));
  BOOST_TEST((c.well.bind(c.well.request(ids[0], "d")).end == bind_end::lost_race));
  BOOST_TEST((c.well.bind(c.well.request("a-code-nobody-stocked", "d")).end == bind_end::lost_race));
  BOOST_TEST(must(c.store->find_code({ids[0]})).code.owner == "a");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_of_another_generation_is_not_taken, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  auto request = c.well.request(id);
  request.gen_id++;
  BOOST_TEST((c.well.bind(request).end == bind_end::lost_race));
  BOOST_TEST((must(c.store->find_code({id})).code.state == code_state::stocked));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_repeated_key_gets_the_same_code, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(4);
  BOOST_TEST((c.well.bind(c.well.keyed(ids[0], "k1")).end == bind_end::bound));
  c.clock.pass(6 * 24 * 3'600'000);
  auto replay = c.well.bind(c.well.keyed(ids[1], "k1"));
  BOOST_TEST((replay.end == bind_end::replay));
  BOOST_TEST((replay.code == must(c.store->find_code({ids[0]})).code));
  auto reused = c.well.bind(c.well.keyed(ids[1], "k1", 2));
  BOOST_TEST((reused.end == bind_end::key_reused));
  BOOST_TEST((must(c.store->find_code({ids[1]})).code.state == code_state::stocked), "the offered code is free");
  BOOST_TEST((c.well.bind(c.well.keyed(ids[1], "k1", 1, "other owner")).end == bind_end::bound));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_same_key_twice_in_a_group, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(4);
  auto results = c.well.bind({c.well.keyed(ids[0], "k"), c.well.keyed(ids[1], "k"), c.well.keyed(ids[2], "k", 2)});
  BOOST_TEST((results[0].end == bind_end::bound));
  BOOST_TEST((results[1].end == bind_end::replay));
  BOOST_TEST(results[1].code.id == ids[0]);
  BOOST_TEST((results[2].end == bind_end::key_reused));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_race_leaves_no_trace_of_its_key, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  c.well.bind(c.well.request(ids[0]));
  BOOST_TEST((c.well.bind(c.well.keyed(ids[0], "k", 1)).end == bind_end::lost_race));
  // Even with another body: nobody was told that the key was taken.
  BOOST_TEST((c.well.bind(c.well.keyed(ids[1], "k", 2)).end == bind_end::bound));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(case_makes_a_difference, home, all_homes) {
  contract<home> c;
  std::vector<std::string> pair{"aAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaaaaaa"};
  must(c.store->close_grant(c.well.close_of(c.well.opened(pair))));
  auto ids = c.well.stock(4);
  BOOST_TEST((c.well.bind(c.well.request(pair[0], "one")).end == bind_end::bound));
  BOOST_TEST((c.well.bind(c.well.request(pair[1], "two")).end == bind_end::bound));
  BOOST_TEST(must(c.store->find_code({pair[0]})).code.owner == "one");
  auto results = c.well.bind({c.well.keyed(ids[0], "Key", 1, "shop"), c.well.keyed(ids[1], "key", 1, "shop"),
                              c.well.keyed(ids[2], "key", 1, "Shop"), c.well.keyed(ids[3], "key ", 1, "shop")});
  for (auto& r : results) BOOST_TEST((r.end == bind_end::bound));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_attempt_that_comes_again_finds_itself, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(3);
  auto plain = c.well.request(ids[0]), keyed = c.well.keyed(ids[1], "k");
  auto first = c.well.bind({plain, keyed}), again = c.well.bind({plain, keyed});
  for (size_t i = 0; i < 2; ++i) {
    BOOST_TEST((again[i].end == bind_end::bound));
    BOOST_TEST((again[i].code == first[i].code));
  }
  BOOST_TEST(must(c.store->find_code({ids[0]})).history.size() == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(attempts_are_told_apart_by_their_marks, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(6);
  auto won = c.well.request(ids[0]), won_keyed = c.well.keyed(ids[1], "k1");
  c.well.bind({won, won_keyed});
  auto taken = c.well.request(ids[0]);           // somebody else's code
  auto never = c.well.request(ids[2]);           // its transaction did not happen
  auto never_keyed = c.well.keyed(ids[3], "k2"); // nor this one's
  auto replayed = c.well.keyed(ids[4], "k1");    // another attempt had the key
  auto reused = c.well.keyed(ids[5], "k1", 2);
  auto found = must(c.store->resolve({{won, won_keyed, taken, never, never_keyed, replayed, reused}})).results;
  bind_end expected[] = {bind_end::bound,  bind_end::bound,  bind_end::lost_race, bind_end::failed,
                         bind_end::failed, bind_end::replay, bind_end::key_reused};
  BOOST_REQUIRE(found.size() == 7u);
  for (size_t i = 0; i < 7; ++i)
    BOOST_TEST((found[i].end == expected[i]), "attempt " << i << " ended as " << int(found[i].end));
  BOOST_TEST(found[0].ticket == won.ticket);
  BOOST_TEST(found[0].code.owner == "shop");
  BOOST_TEST(found[5].code.id == ids[1]);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_thousand_of_the_same_key_get_one_code, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(1'000, 250);
  std::set<std::string> given;
  size_t bound = 0, replays = 0;
  for (size_t at = 0; at < ids.size(); at += 250) {
    std::vector<bind_request> group;
    for (size_t i = at; i < at + 250; ++i) group.push_back(c.well.keyed(ids[i], "same"));
    for (auto& r : c.well.bind(group)) {
      bound += r.end == bind_end::bound;
      replays += r.end == bind_end::replay;
      given.insert(r.code.id);
    }
  }
  BOOST_TEST(bound == 1u);
  BOOST_TEST(replays == 999u);
  BOOST_TEST(given.size() == 1u);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_group_too_large_is_refused_whole, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(257, 250);
  std::vector<bind_request> group;
  for (auto& id : ids) group.push_back(c.well.request(id));
  BOOST_TEST((refused(c.store->bind({"n1-a", group, {}, {}})) == ec::invalid_request));
  BOOST_TEST((must(c.store->find_code({ids[0]})).code.state == code_state::stocked));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_group_moves_the_commit_sequence, home, all_homes) {
  contract<home> c;
  auto before = must(c.store->identity()).commit_seq;
  c.well.bind(c.well.request(c.well.stock(1).at(0)));
  BOOST_TEST(must(c.store->identity()).commit_seq == before + 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_acknowledged_outlives_a_crash, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(30, 10);
  auto lot = c.well.claim(1).at(0);
  c.well.bind({c.well.keyed(lot.ids[0], "k"), c.well.request(lot.ids[1])});
  c.home.crash();
  auto after = c.home.open();
  rig again{*after, c.clock};
  again.ticket = 1'000; // other attempts, other marks
  must(after->begin_incarnation("n1", "n1-b", {"n1-a"}));
  BOOST_TEST((must(after->find_code({lot.ids[0]})).code.state == code_state::bound));
  BOOST_TEST((must(after->find_code({lot.ids[1]})).code.state == code_state::bound));
  auto replay = again.keyed(ids[29], "k");
  BOOST_TEST((again.bind(replay).code.id == lot.ids[0]));
  BOOST_TEST(again.level().ready_codes == 28u);
  again.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reader_sees_what_was_committed, home, all_homes) {
  contract<home> c;
  auto reader = c.home.open(true);
  auto id = c.well.stock(1).at(0);
  BOOST_TEST((must(reader->find_code({id})).code.state == code_state::stocked));
  c.well.bind(c.well.request(id));
  BOOST_TEST((must(reader->find_scenes({{id}})).scenes.at(0).state == code_state::bound));
  BOOST_TEST(must(reader->levels({"default"})).levels.size() == 1u);
  auto report = must(reader->verify({}));
  for (auto& f : report.findings) BOOST_TEST(f.ok, f.detail);
  BOOST_TEST(!reader->pause({"default", true, "", "ann"}), "a reader writes nothing");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(scans_are_counted, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.well.bind(c.well.request(id));
  must(c.store->add_scans({{{id, 1047, 3}, {id, 1011, 1}, {"unknown", 0, 5}}}));
  c.clock.pass(24 * 3'600'000);
  must(c.store->add_scans({{{id, 1047, 2}}}));
  auto scans = must(c.store->find_code({id})).scans;
  BOOST_REQUIRE(scans.size() == 2u);
  BOOST_TEST((scans[0] == scan_count{id, 1011, 1}));
  BOOST_TEST((scans[1] == scan_count{id, 1047, 5}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(invented_launch_scenes_of_one_code_make_a_bounded_number_of_rows, home, all_homes) {
  contract<home> c;
  auto r = c.well.request(c.well.stock(1).at(0));
  r.tags = R"(["a","b"])";
  c.well.bind(r);
  for (uint32_t launch = 1'000; launch < 1'400; ++launch) must(c.store->add_scans({{{r.id, launch, 1}}}));
  must(c.store->add_scans({{{r.id, 1'000, 1}}}));
  auto scans = must(c.store->find_code({r.id})).scans;
  BOOST_REQUIRE(scans.size() == 17u);
  BOOST_TEST((scans[0] == scan_count{r.id, 0, 384}), "none is lost");
  BOOST_TEST((scans[1] == scan_count{r.id, 1'000, 2}));
  stats_query query;
  query.owner = r.owner;
  query.to_ms = c.clock.wall + 3'600'000;
  query.by = stats_by_launch;
  BOOST_TEST(must(c.store->stats(query)).rows.size() == 17u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(scans_of_400_days_ago_become_totals, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2, 10);
  c.well.bind(c.well.request(ids[0]));
  c.well.bind(c.well.request(ids[1]));
  auto day = int64_t{24 * 3'600'000};
  for (int i = 0; i < 3; ++i) {
    must(c.store->add_scans({{{ids[0], 1047, 2}, {ids[1], 0, 1}}}));
    c.clock.pass(day);
  }
  must(c.store->purge({1'000}));
  c.clock.pass(398 * day);
  BOOST_TEST(must(c.store->purge({1'000})).count > 0u);
  c.clock.pass(100 * day);
  for (int i = 0; i < 3; ++i) must(c.store->purge({1'000}));
  BOOST_TEST(must(c.store->purge({1'000})).count == 0u);
  must(c.store->add_scans({{{ids[0], 1047, 1}}}));
  BOOST_TEST((must(c.store->find_code({ids[0]})).scans == std::vector<scan_count>{{ids[0], 1047, 7}}));
  BOOST_TEST((must(c.store->find_code({ids[1]})).scans == std::vector<scan_count>{{ids[1], 0, 3}}));
  stats_query query;
  query.to_ms = c.clock.wall / day * day + day;
  uint64_t scanned = 0;
  for (auto& row : must(c.store->stats(query)).rows) scanned += row.scanned;
  BOOST_TEST(scanned == 10u, "whole days keep their sums");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_past_its_time_is_purged_and_accounted_for, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(10, 10);
  c.well.bind({c.well.keyed(ids[0], "k1"), c.well.keyed(ids[1], "k2")});
  must(c.store->kill_codes({{ids[2], ids[3]}, "image_lost"}));
  auto day = int64_t{24 * 3'600'000};
  c.clock.pass(7 * day);
  BOOST_TEST(must(c.store->purge({100})).count == 0u);
  BOOST_TEST((c.well.bind(c.well.keyed(ids[4], "k1")).end == bind_end::replay), "seven days are promised");
  c.clock.pass(day);
  BOOST_TEST(must(c.store->purge({1})).count == 1u, "bounded");
  BOOST_TEST(must(c.store->purge({100})).count == 1u);
  BOOST_TEST((c.well.bind(c.well.keyed(ids[4], "k1")).end == bind_end::bound));
  c.clock.pass(23 * day);
  auto purged = must(c.store->purge({100}));
  BOOST_TEST(purged.ids.size() == 2u, "whose images can go");
  BOOST_TEST(!must(c.store->find_code({ids[2]})).found);
  BOOST_TEST(must(c.store->find_code({ids[0]})).found, "bound codes stay");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_SUITE_END()
