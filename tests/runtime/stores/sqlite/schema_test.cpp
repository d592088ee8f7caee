#include "runtime/stores/sqlite/schema.hpp"
#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/runtime/stores/sqlite/raw.hpp"

#include <boost/test/data/test_case.hpp>

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
    auto db = must(sqlite::connection::open(file, sqlite::access::make, 0, 1'000));
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
  BOOST_TEST((refused(open(dir / "none.db", true)) == ec::not_found));
  BOOST_TEST(!std::filesystem::exists(dir / "none.db"));
}

BOOST_AUTO_TEST_CASE(a_writer_that_may_make_none_makes_none) {
  temp_dir dir;
  sqlite_options options;
  options.may_make = false;
  options.file = dir / "none.db";
  auto missing = sqlite_code_store::open(options);
  BOOST_TEST((refused(missing) == ec::not_found));
  BOOST_TEST(render(missing.error()).find(options.file) != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(options.file));
  options.file = dir / "empty.db";
  std::ofstream{options.file};
  BOOST_TEST((refused(sqlite_code_store::open(options)) == ec::not_found));
  BOOST_TEST(std::filesystem::file_size(options.file) == 0u);
}

BOOST_AUTO_TEST_CASE(a_new_store_is_its_owners_only) {
  temp_dir dir;
  auto store = must(open(dir / "s.db"));
  for (const auto* end : {"", "-wal", "-shm"})
    BOOST_TEST(((std::filesystem::status(dir / "s.db" + end).permissions() & std::filesystem::perms(077)) ==
                std::filesystem::perms::none),
               end);
}

// -- a store of the former number ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_store_of_schema_1_is_migrated_with_its_idempotency_keys) {
  migrated m;
  BOOST_TEST(!m.to({sqlite::migrations()[0]}));
  auto hour = 1'790'000'000'000 / 3'600'000;
  raw_sqlite{m.file}.run("INSERT INTO idem(owner, k, body_hash, id, nonce, at_hour) VALUES('shop', x'6b', x'00', 'a1', "
                         "x'01', " +
                         std::to_string(hour) + ")");
  sqlite_options options;
  options.file = m.file;
  std::vector<uint32_t> told;
  options.on_migrate = [&](uint32_t from, uint32_t to) { told = {from, to}; };
  auto store = must(sqlite_code_store::open(options));
  BOOST_TEST(must(store->identity()).schema == sqlite::migrations().back().to);
  BOOST_TEST(told == (std::vector<uint32_t>{1, sqlite::migrations().back().to}), boost::test_tools::per_element());
  raw_sqlite now{m.file};
  BOOST_TEST(now.ask("SELECT CAST(at_ms AS TEXT) FROM idem WHERE id = 'a1'") == std::to_string((hour + 1) * 3'600'000));
  BOOST_TEST(now.ask("SELECT name FROM sqlite_schema WHERE name IN ('idem_at', 'idem_hour')") == "idem_at");
  BOOST_TEST(raw_sqlite{m.file + ".schema1"}.ask("SELECT CAST(at_hour AS TEXT) FROM idem") == std::to_string(hour));
  BOOST_TEST(((std::filesystem::status(m.file + ".schema1").permissions() & std::filesystem::perms(077)) ==
              std::filesystem::perms::none));
}

BOOST_AUTO_TEST_CASE(the_counts_of_a_store_of_schema_3_are_those_of_its_days_and_of_all_owners) {
  migrated m;
  auto all = sqlite::migrations();
  BOOST_TEST(!m.to({all.begin(), all.begin() + 3}));
  raw_sqlite{m.file}.run(
      "INSERT INTO stats_hour(hour, pool, owner, tag, launch, node, issued, scanned) VALUES"
      "(480, 'default', 'shop', '', 0, 'n1', 3, 0), (480, 'default', 'shop', 'spring', 0, 'n1', 2, 0), "
      "(481, 'default', 'shop', '', 1047, '', 0, 5), (481, 'default', 'other', '', 0, 'n1', 7, 0), "
      "(504, 'default', 'shop', '', 0, 'n1', 1, 0)");
  auto store = must(open(m.file));
  auto rows = [&](auto edit) {
    stats_query query;
    query.from_ms = 480 * 3'600'000LL;
    query.to_ms = 528 * 3'600'000LL;
    edit(query);
    return must(store->stats(query)).rows;
  };
  auto total = rows([](auto&) {});
  BOOST_REQUIRE(total.size() == 1u);
  BOOST_TEST((total[0] == stats_row{0, "", "", "", 0, 11, 5}));
  auto days = rows([](auto& q) { q.by = stats_by_day, q.owner = "shop"; });
  BOOST_REQUIRE(days.size() == 2u);
  BOOST_TEST((days[0] == stats_row{480 * 3'600'000LL, "", "", "", 0, 3, 5}));
  BOOST_TEST((days[1] == stats_row{504 * 3'600'000LL, "", "", "", 0, 1, 0}));
  auto hours = rows([](auto& q) { q.by = stats_by_hour; });
  BOOST_REQUIRE(hours.size() == 3u);
  BOOST_TEST((hours[1] == stats_row{481 * 3'600'000LL, "", "", "", 0, 7, 5}));
  BOOST_TEST(rows([](auto& q) { q.tag = "spring"; }).at(0).issued == 2u);
}

BOOST_AUTO_TEST_CASE(a_store_that_had_the_new_form_under_the_old_number_is_taken_over) {
  migrated m;
  BOOST_TEST(!m.to({sqlite::migrations()[0]}));
  raw_sqlite{m.file}.run("DROP INDEX idem_hour; ALTER TABLE idem RENAME COLUMN at_hour TO at_ms; CREATE INDEX idem_at "
                         "ON idem(at_ms); INSERT INTO idem VALUES('shop', x'6b', x'00', 'a1', x'01', 1790000000000)");
  BOOST_TEST(must(must(open(m.file))->identity()).schema == sqlite::migrations().back().to);
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT CAST(at_ms AS TEXT) FROM idem") == "1790000000000");
}

BOOST_AUTO_TEST_CASE(an_older_store_is_left_alone_by_who_may_not_migrate) {
  migrated m;
  BOOST_TEST(!m.to({sqlite::migrations()[0]}));
  sqlite_options options;
  options.file = m.file;
  options.may_migrate = false;
  for (auto read_only : {false, true}) {
    options.read_only = read_only;
    auto out = sqlite_code_store::open(options);
    BOOST_TEST((refused(out) == ec::conflict));
    BOOST_TEST(render(out.error())
                       .find("its schema is 1, this qrwell wants " + std::to_string(sqlite::migrations().back().to)) !=
                   std::string::npos,
               render(out.error()));
  }
  BOOST_TEST(raw_sqlite{m.file}.ask("SELECT CAST(v AS TEXT) FROM meta WHERE k = 'schema'") == "1");
}

BOOST_AUTO_TEST_CASE(a_store_older_than_the_oldest_step_is_refused_with_a_sentence) {
  migrated m;
  BOOST_TEST(!m.to({sqlite::migrations()[0]}));
  auto out = m.to({{3, "SELECT 1"}});
  BOOST_TEST((code_of(out) == ec::conflict));
  for (const auto* word : {"its schema is 1", "wants 3", "2 and newer", m.file.c_str()})
    BOOST_TEST(render(out).find(word) != std::string::npos, render(out));
}

// -- a store that is not what its number says ------------------------------------------------------------------------

struct deviation {
  const char* text;
  const char* words; ///< of the refusal
};
std::ostream& operator<<(std::ostream& out, const deviation& d) {
  return out << d.text;
}
const deviation deviations[] = {
    {"ALTER TABLE idem RENAME COLUMN at_ms TO at_hour",
     "table idem lacks the column at_ms and has the unknown column at_hour"},
    {"DROP INDEX idem_at", "index idem_at is missing"},
    {"DROP TABLE reuse", "table reuse is missing"},
    {"ALTER TABLE apps ADD COLUMN note TEXT", "table apps has the unknown column note"},
    {"DROP INDEX codes_dead; CREATE INDEX codes_dead ON codes(changed_ms)", "index codes_dead is declared otherwise"},
    {"CREATE TRIGGER thief AFTER UPDATE ON codes BEGIN DELETE FROM history; END",
     "trigger thief on table codes is unknown"},
    {"CREATE UNIQUE INDEX once ON codes(owner)", "index once on table codes is unknown"},
};

BOOST_DATA_TEST_CASE(a_store_whose_tables_differ_from_its_number_is_refused_with_what_differs,
                     boost::unit_test::data::make(deviations), d) {
  temp_dir dir;
  auto file = dir / "s.db";
  must(open(file));
  raw_sqlite{file}.run(d.text);
  for (auto read_only : {false, true}) {
    auto out = open(file, read_only);
    BOOST_REQUIRE((refused(out) == ec::conflict));
    BOOST_TEST(render(out.error()).find(d.words) != std::string::npos, render(out.error()));
    BOOST_TEST(render(out.error()).find(file) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(tables_of_others_in_the_same_file_are_theirs) {
  temp_dir dir;
  auto file = dir / "s.db";
  must(open(file));
  raw_sqlite{file}.run("CREATE TABLE _copier_seq(id INTEGER PRIMARY KEY, seq INTEGER); CREATE INDEX _copier ON "
                       "_copier_seq(seq); ANALYZE");
  must(open(file));
}

BOOST_AUTO_TEST_CASE(a_migration_that_does_not_lead_to_this_builds_tables_changes_nothing) {
  migrated m;
  BOOST_TEST(!m.to({sqlite::migrations()[0]}));
  raw_sqlite{m.file}.run("DROP TABLE purged");
  auto out = open(m.file);
  BOOST_REQUIRE((refused(out) == ec::conflict));
  BOOST_TEST(render(out.error()).find("table purged is missing") != std::string::npos, render(out.error()));
  raw_sqlite after{m.file};
  BOOST_TEST(after.ask("SELECT CAST(v AS TEXT) FROM meta WHERE k = 'schema'") == "1");
  BOOST_TEST(after.ask("SELECT name FROM pragma_table_info('idem') WHERE name LIKE 'at%'") == "at_hour");
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
