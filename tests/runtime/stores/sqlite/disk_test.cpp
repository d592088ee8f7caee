#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/runtime/stores/sqlite/failing_disk.hpp"
#include "tests/runtime/stores/sqlite/raw.hpp"

#include <boost/test/data/test_case.hpp>

#include <fstream>

using namespace qrwell;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(sqlite_disk)

BOOST_AUTO_TEST_CASE(every_group_is_synced_before_it_is_answered) {
  failing_disk disk;
  contract<sqlite_home> c;
  auto ids = c.well.stock(5);
  for (auto& id : ids) {
    auto before = disk.syncs();
    c.well.bind(c.well.request(id));
    BOOST_TEST(disk.syncs() > before);
  }
}

BOOST_AUTO_TEST_CASE(a_commit_whose_sync_fails_is_of_unknown_outcome_until_it_is_asked) {
  failing_disk disk;
  contract<sqlite_home> c;
  auto ids = c.well.stock(2);
  auto request = c.well.keyed(ids[0], "k");
  disk.fail_syncs();
  auto out = c.store->bind({"n1-a", std::vector{request}, {}, {}});
  BOOST_TEST((refused(out) == ec::outcome_unknown));
  BOOST_TEST(render(out.error()).find(c.home.file) != std::string::npos, render(out.error()));
  BOOST_TEST(!c.store->resolve({{request}}), "on a disk that fails nothing is said about it");
  disk.repair();
  auto end = must(c.store->resolve({{request}})).results.at(0).end;
  auto state = must(c.store->find_code({ids[0]})).code.state;
  BOOST_TEST(
      (end == bind_end::bound ? state == code_state::bound : end == bind_end::failed && state == code_state::stocked));
  // What was said stays true after a crash: the log must not bring back what was denied.
  c.home.crash();
  auto after = c.home.open();
  BOOST_TEST((must(after->find_code({ids[0]})).code.state == state));
  c.well.verify_clean();
}

BOOST_DATA_TEST_CASE(a_full_disk_leaves_nothing_behind, boost::unit_test::data::make({0, 1, 2, 3, 5, 8}), good_writes) {
  failing_disk disk;
  contract<sqlite_home> c;
  auto ids = c.well.stock(40, 20);
  std::vector<bind_request> group;
  for (auto& id : ids) group.push_back(c.well.keyed(id, "key of " + id));
  disk.fill_up(good_writes);
  auto out = c.store->bind({"n1-a", group, {}, {}});
  BOOST_TEST((refused(out) == ec::disk_full));
  for (auto& id : ids) BOOST_TEST((must(c.store->find_code({id})).code.state == code_state::stocked));
  disk.repair();
  for (auto& r : c.well.bind(group)) BOOST_TEST((r.end == bind_end::bound));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE(a_damaged_page_stops_the_store_for_good) {
  contract<sqlite_home> c;
  auto ids = c.well.stock(200, 50);
  c.store.reset();
  raw_sqlite{c.home.file}.run("PRAGMA wal_checkpoint(TRUNCATE)");
  auto page = std::stoul(raw_sqlite{c.home.file}.ask("SELECT rootpage || '' FROM sqlite_schema WHERE name = 'codes'"));
  {
    std::fstream file{c.home.file, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>((page - 1) * 4'096));
    file << std::string(4'096, '\x7f');
  }
  auto damaged = c.home.open();
  auto first = damaged->find_scenes({{ids[0]}});
  BOOST_TEST((refused(first) == ec::store_corrupt));
  BOOST_TEST((refused(damaged->pools()) == ec::store_corrupt), "though this table is whole");
}

BOOST_AUTO_TEST_SUITE_END()
