#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/runtime/stores/sqlite/raw.hpp"

#include <boost/test/data/test_case.hpp>

#include <atomic>
#include <thread>

using namespace qrwell;
using namespace qrwell::test;

namespace {

/// A way in which a store can be wrong, and the check that has to see it.
struct damage {
  const char* check;
  const char* text;
  const char* words; ///< that the finding must contain
};

std::ostream& operator<<(std::ostream& out, const damage& d) {
  return out << d.check << ": " << d.text;
}

const damage damages[] = {
    {"one_owner", "UPDATE codes SET owner = NULL WHERE id = 'a0000000000000000001'", "a0000000000000000001"},
    {"one_owner", "UPDATE codes SET owner = 'thief' WHERE id = 'a0000000000000000009'", "a0000000000000000009"},
    {"one_owner", "UPDATE codes SET state = 1 WHERE id = 'a0000000000000000001'", "state 1"},
    {"marks_unique",
     "UPDATE codes SET bind_nonce = (SELECT bind_nonce FROM codes WHERE id = 'a0000000000000000001') WHERE id = "
     "'a0000000000000000002'",
     "two codes"},
    {"calls_accounted", "UPDATE books SET n = n - 1 WHERE outcome = 'images'", "20 calls and 19 ends"},
    {"images_accounted", "DELETE FROM codes WHERE id = 'a0000000000000000009'", "20 images in the books, and 19 rows"},
    {"images_accounted",
     "INSERT INTO codes(id, gen_id, kind, state, changed_ms, image_fmt) VALUES('zzz', 77, 1, 4, 0, 'png')",
     "generation 77"},
    {"ledger_sums", "DELETE FROM ledger WHERE outcome = 'calls'", "generation 1"},
    {"keys", "UPDATE idem SET id = 'nowhere'", "no row"},
    {"keys", "UPDATE codes SET owner = 'thief' WHERE id = 'a0000000000000000001'", "another owner"},
    {"keys", "UPDATE idem SET nonce = zeroblob(16)", "another attempt"},
    {"stock_in_lots", "UPDATE lots SET state = 4", "is in a lot that is done"},
    {"stock_in_lots", "DELETE FROM lots", "missing"},
    {"history_complete", "DELETE FROM history WHERE id = 'a0000000000000000001'", "version 1 and 0 rows"},
    {"history_complete", "UPDATE codes SET version = 3 WHERE id = 'a0000000000000000002'", "version 3 and 1 rows"},
    {"history_owned", "INSERT INTO history(id, version, op, at_ms) VALUES('nowhere', 1, 0, 0)", "nowhere"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_verify)

BOOST_DATA_TEST_CASE(each_damage_is_found, boost::unit_test::data::make(damages), d) {
  contract<sqlite_home> c;
  auto ids = c.well.stock(20, 10);
  c.well.bind({c.well.keyed(ids[0], "k"), c.well.request(ids[1])});
  c.well.verify_clean();
  raw_sqlite{c.home.file}.run(d.text);
  bool seen = false;
  for (auto& f : must(c.store->verify({{"homes", 5'000}})).findings) {
    if (f.check != d.check) continue;
    BOOST_TEST(!f.ok);
    BOOST_TEST(f.detail.find(d.words) != std::string::npos, f.detail);
    seen = true;
  }
  BOOST_TEST(seen);
}

// Stock, binds, deaths and purges between its slices must not look like damage.
BOOST_AUTO_TEST_CASE(a_store_that_works_meanwhile_is_found_clean) {
  contract<sqlite_home> c;
  c.well.stock(200, 10);
  // Enough rows for two slices, dead and imported, so that they are in nobody's books.
  raw_sqlite{c.home.file}.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
      "INSERT INTO codes(id, gen_id, kind, state, version, changed_ms) SELECT printf('A%019d', i), 1, 3, 4, 1, "
      "9000000000000 FROM n; "
      "INSERT INTO history(id, version, op, at_ms) SELECT id, 1, 0, 1 FROM codes WHERE kind = 3");
  auto reader = c.home.open(true);
  std::atomic<bool> stop{false};
  std::atomic<int> rounds{0};
  std::vector<std::string> wrong;
  std::thread verifier{[&] {
    while (!stop || rounds < 3) {
      auto report = reader->verify({});
      if (!report)
        wrong.push_back(render(report.error()));
      else
        for (auto& f : report->findings)
          if (!f.ok) wrong.push_back(f.check + ": " + f.detail);
      ++rounds;
    }
  }};
  for (int i = 0; i < 150; ++i) {
    auto ids = c.well.stock(16, 10);
    c.well.bind({c.well.keyed(ids[0], "key " + ids[0]), c.well.request(ids[1])});
    must(c.store->kill_codes({{ids[2], ids[3]}, "image_lost"}));
    c.clock.pass(int64_t{24} * 3'600'000);
    must(c.store->purge({100}));
  }
  stop = true;
  verifier.join();
  BOOST_TEST(rounds >= 3);
  BOOST_TEST(wrong.empty(), (wrong.empty() ? "" : wrong.front()));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE(slices_meet_without_a_gap) {
  contract<sqlite_home> c;
  // More rows than one slice of 20,000.
  std::string rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45001) "
                     "INSERT INTO codes(id, gen_id, kind, state, version, changed_ms) SELECT printf('b%019d', i), 1, "
                     "1, 4, 0, 0 FROM n";
  raw_sqlite{c.home.file}.run(rows);
  for (auto& f : must(c.store->verify({})).findings)
    if (f.check == "history_complete") BOOST_TEST(f.examined == 45'001u);
  raw_sqlite{c.home.file}.run("UPDATE codes SET version = 1 WHERE id = 'b0000000000000045001'");
  for (auto& f : must(c.store->verify({})).findings)
    if (f.check == "history_complete") BOOST_TEST(!f.ok);
}

BOOST_AUTO_TEST_SUITE_END()
