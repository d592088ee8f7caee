#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/runtime/stores/sqlite/raw.hpp"

#include <map>
#include <set>

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(sqlite_plans)

// Tables with a row per app, pool, node or key may be read whole; verify walks everything in the order of the keys, and
// says so with its limit.
BOOST_AUTO_TEST_CASE(no_statement_scans_a_table_that_grows) {
  contract<sqlite_home> c;
  auto ids = c.well.stock(60, 10);
  auto lots = c.well.claim(3);
  auto tagged = c.well.keyed(lots[0].ids[0], "k");
  tagged.tags = "[\"t\"]";
  tagged.key_id = 1;
  c.well.bind(
      {tagged, c.well.keyed(lots[0].ids[1], "k"), c.well.keyed(lots[0].ids[0], "k3"), c.well.request(lots[0].ids[2])});
  must(c.store->resolve({{tagged}}));
  must(c.store->bind({"n1-a", {}, {}, {lots[1].lot_no}}));
  for (auto& id : lots[2].ids) c.well.bind(c.well.request(id));
  must(c.store->bind({"n1-a", {}, {}, {lots[2].lot_no}}));
  must(c.store->kill_codes({{ids[50]}, "image_lost"}));
  must(c.store->find_scenes({{ids[0]}}));
  must(c.store->find_code({ids[0]}));
  must(c.store->add_scans({{{ids[0], 0, 1}}}));
  must(c.store->mark_keys_used({{1}}));
  auto live = c.well.close_of(c.well.opened(c.well.fresh_ids(2)));
  live.holder = "n1-a";
  must(c.store->close_grant(live));
  must(c.store->close_grant(live));
  must(c.store->find_grant({c.well.app_id, 1, 1}));
  must(c.store->renew_lease({c.well.lease, c.well.app_id, "n1-a", 1, 10'000}));
  c.well.opened(c.well.fresh_ids(2));
  must(c.store->seal_lots({c.well.gen_id, 0}));
  must(c.store->begin_incarnation("n1", "n1-b", {"n1-a"}));
  auto next = must(c.store->ensure_generation("default", c.well.app_id, "{}", digest{2})).gen_id;
  must(c.store->apply_generation("default", next, "ann"));
  must(c.store->age_out({c.well.gen_id, 1'000}));
  c.clock.pass(int64_t{40} * 24 * 3'600'000);
  must(c.store->purge({1'000}));
  c.well.verify_clean();

  // Every list, by each of its indexes, and what else is read in bulk.
  for (auto state : {list_state::any, list_state::bound, list_state::expired, list_state::revoked}) {
    code_list everyones;
    everyones.state = state;
    must(c.store->list(everyones));
    everyones.owner = "shop";
    must(c.store->list(everyones));
    everyones.owner.clear();
    everyones.tag = "t";
    must(c.store->list(everyones));
  }
  code_change change;
  change.id = tagged.id;
  change.set_tags = change.set_target_path = true;
  change.tags = "[\"u\"]";
  change.path = "pages/b";
  must(c.store->change(change));
  must(c.store->stats({"", {}, "", 0, c.clock.wall, stats_by_pool, 100}));
  must(c.store->stats({"", {}, "", 1, c.clock.wall, stats_by_owner | stats_by_tag, 100}));
  must(c.store->stats({"", {}, "", 1, c.clock.wall, stats_by_pool, 100}));
  must(c.store->audit_log({0, 10}));

  auto& store = dynamic_cast<sqlite_code_store&>(*c.store);
  raw_sqlite raw{c.home.file};
  raw.run("CREATE TEMP TABLE nonces(nonce)");
  const std::set<std::string> small{"apps",  "generations", "pools", "meta",   "mac_keys",      "api_keys",
                                    "nodes", "temp.nonces", "books", "purged", "sqlite_schema", "sqlite_master"};
  const std::set<std::string> walks{"ledger_sums", "codes_slice", "idem_slice", "history_slice"};
  // One run of one index each, in the order in which it is shown: no sorting, and no row of another list.
  std::map<std::string, std::string> lists{{"bound_before", "codes_bound "},
                                           {"revoked_before", "codes_revoked "},
                                           {"expired_before", "codes_expires "},
                                           {"all_bound_before", "codes_bound_all "},
                                           {"all_revoked_before", "codes_revoked_all "},
                                           {"all_expired_before", "codes_expires_all "},
                                           {"tagged_before", "code_tags USING PRIMARY KEY"},
                                           {"next_tag_owner", "code_tags USING PRIMARY KEY"},
                                           {"stats_of_hours", "PRIMARY KEY"},
                                           {"stats_of_days", "PRIMARY KEY"},
                                           {"sum_of_hours", "PRIMARY KEY"},
                                           {"sum_of_days", "PRIMARY KEY"},
                                           {"next_counted_owner", "PRIMARY KEY"},
                                           {"next_counted_tag", "PRIMARY KEY"}};
  size_t looked = 0;
  for (auto& [name, text] : store.prepared()) {
    if (text.rfind("BEGIN", 0) == 0 || text == "COMMIT" || text.rfind("PRAGMA", 0) == 0) continue;
    ++looked;
    auto plan = raw.ask("EXPLAIN QUERY PLAN " + text, 3);
    if (auto list = lists.find(name); list != lists.end()) {
      BOOST_TEST(plan.find("SEARCH") == 0u, name << ": " << plan);
      BOOST_TEST(plan.find(list->second) != std::string::npos, name << ": " << plan);
      BOOST_TEST(plan.find("TEMP B-TREE") == std::string::npos, name << ": " << plan);
      lists.erase(list);
    }
    for (size_t at = plan.find("SCAN "); at != std::string::npos; at = plan.find("SCAN ", at + 1)) {
      auto table = plan.substr(at + 5, plan.find_first_of(" \n", at + 5) - at - 5);
      // Partial indexes hold only the rows that are open.
      auto through_small_index = plan.find("USING COVERING INDEX lots_holder", at) != std::string::npos ||
                                 plan.find("nodes_live", at) != std::string::npos;
      BOOST_TEST((small.count(table) == 1 || walks.count(name) == 1 || through_small_index || table == "CONSTANT"),
                 name << " scans " << table << ":\n"
                      << text << "\n"
                      << plan);
    }
  }
  BOOST_TEST(lists.empty(), "a list was not read: " << lists.size());
  BOOST_TEST(looked > 60u, "the walk above uses most statements: " << looked);
}

BOOST_AUTO_TEST_SUITE_END()
