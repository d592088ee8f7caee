#include "runtime/stores/sqlite/schema.hpp"
#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/runtime/stores/sqlite/raw.hpp"

#include <fstream>

using namespace qrwell;
using namespace qrwell::test;

namespace {

caf::expected<std::unique_ptr<code_store>> open(const std::string& file, bool read_only = false, int busy_for_ms = 0) {
  sqlite_options options;
  options.file = file;
  options.read_only = read_only;
  options.busy_for_ms = busy_for_ms;
  return sqlite_code_store::open(options);
}

struct migrated {
  temp_dir dir;
  std::string file = dir / "q's.db";

  caf::error to(std::vector<sqlite::migration> steps) {
    auto db = must(sqlite::connection::open(file, sqlite::access::write, 0, 1'000));
    try {
      sqlite::migrate(*db, steps, "c1");
    } catch (const sqlite::refusal& r) {
      return r.error;
    }
    return {};
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_schema)

BOOST_AUTO_TEST_CASE(the_schema_of_a_newer_version_is_refused_with_a_sentence) {
  temp_dir dir;
  auto file = dir / "s.db";
  must(open(file));
  raw_sqlite{file}.run("UPDATE meta SET v = 99 WHERE k = 'schema'");
  for (auto read_only : {false, true}) {
    auto refused = open(file, read_only);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((code_of(refused.error()) == ec::conflict));
    BOOST_TEST(render(refused.error()).find("its schema is 99") != std::string::npos, render(refused.error()));
    BOOST_TEST(render(refused.error()).find(file) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_file_of_another_program_is_left_alone) {
  temp_dir dir;
  auto file = dir / "s.db";
  raw_sqlite{file}.run("CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
  BOOST_TEST((refused(open(file)) == ec::conflict));
  BOOST_TEST(raw_sqlite{file}.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'") == "0");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_corrupt) {
  temp_dir dir;
  auto file = dir / "s.db";
  std::ofstream{file} << std::string(8'192, 'x');
  BOOST_TEST((refused(open(file)) == ec::store_corrupt));
}

BOOST_AUTO_TEST_CASE(a_reader_makes_no_store) {
  temp_dir dir;
  BOOST_TEST((refused(open(dir / "none.db", true)) == ec::unavailable));
  BOOST_TEST(!std::filesystem::exists(dir / "none.db"));
}

BOOST_AUTO_TEST_CASE(an_older_file_is_copied_before_it_is_changed) {
  migrated m;
  std::vector<sqlite::migration> steps{sqlite::migrations()[0]};
  BOOST_TEST(!m.to(steps));
  raw_sqlite{m.file}.run("INSERT INTO apps VALUES(1, 'homes', 'wx')");
  BOOST_TEST(!std::filesystem::exists(m.file + ".schema1"));
  steps.push_back({2, "ALTER TABLE apps ADD COLUMN note TEXT; UPDATE apps SET note = 'new'"});
  BOOST_TEST(!m.to(steps));
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT note FROM apps") == "new");
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT v FROM meta WHERE k = 'schema'") == "2");
  raw_sqlite copy{m.file + ".schema1"};
  BOOST_TEST(copy.ask("SELECT v FROM meta WHERE k = 'schema'") == "1");
  BOOST_TEST(copy.ask("SELECT name FROM apps") == "homes");
  BOOST_TEST(!m.to(steps), "a second start changes nothing");
}

BOOST_AUTO_TEST_CASE(a_step_that_fails_leaves_the_schema_before_it) {
  migrated m;
  std::vector<sqlite::migration> steps{sqlite::migrations()[0]};
  BOOST_TEST(!m.to(steps));
  steps.push_back({2, "ALTER TABLE apps ADD COLUMN note TEXT; UPDATE nowhere SET x = 1"});
  BOOST_TEST((code_of(m.to(steps)) == ec::store_failed));
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT v FROM meta WHERE k = 'schema'") == "1");
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT count(*) FROM pragma_table_info('apps') WHERE name = 'note'") == "0");
}

BOOST_AUTO_TEST_CASE(a_lock_of_another_process_is_busy_at_once_or_waited_for) {
  temp_dir dir;
  auto file = dir / "s.db";
  auto store = must(open(file));
  raw_sqlite other{file};
  other.run("BEGIN IMMEDIATE");
  auto busy = store->ensure_app("homes", "wx");
  BOOST_TEST((refused(busy) == ec::store_busy));
  BOOST_TEST(render(busy.error()).find(file) != std::string::npos, render(busy.error()));
  auto begun = std::chrono::steady_clock::now();
  auto patient = must(open(file, false, 300));
  BOOST_TEST((refused(patient->ensure_app("homes", "wx")) == ec::store_busy));
  BOOST_TEST((std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(250)));
  BOOST_TEST(must(store->pools()).empty(), "reading does not wait for a writer");
  other.run("COMMIT");
  must(patient->ensure_app("homes", "wx"));
}

BOOST_AUTO_TEST_CASE(a_lease_of_another_boot_does_not_stop_anyone) {
  contract<sqlite_home> c;
  must(c.store->take_lease({"app:homes", c.well.app_id, "n1-a", {}, 10'000}));
  c.clock.lease = 100; // the boot clock begins anew, so the expiry lies far ahead
  c.clock.server = "boot-2";
  auto view = must(c.store->take_lease({"app:homes", c.well.app_id, "n1-b", {}, 10'000}));
  BOOST_TEST(view.epoch == 2u);
  BOOST_TEST(view.server == "boot-2");
}

BOOST_AUTO_TEST_CASE(the_systems_clock_is_the_boot_clock) {
  auto clock = store_clock::system();
  BOOST_TEST(!clock.lease_server().empty());
  BOOST_TEST(clock.lease_server() == store_clock::system().lease_server());
  auto a = clock.lease_ms(), b = clock.lease_ms();
  BOOST_TEST(b >= a);
  BOOST_TEST(clock.wall_ms() > 1'700'000'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
