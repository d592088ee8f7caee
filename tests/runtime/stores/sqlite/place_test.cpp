#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

#include <filesystem>

using namespace qrwell;
using namespace qrwell::test;
namespace fs = std::filesystem;

namespace {

/// A store that works, and what happens to its files meanwhile.
struct fixture : contract<sqlite_home> {
  std::vector<std::string> ids = well.stock(20, 10);
  std::unique_ptr<code_store> reader = home.open(true);
  std::string aside = home.file + ".aside";

  caf::expected<bind_group_result> bind(const std::string& id) {
    return store->bind({"n1-a", std::vector{well.request(id)}, {}, {}});
  }
  void check_refused(const std::string& path) {
    auto out = bind(ids[1]);
    BOOST_REQUIRE((refused(out) == ec::unavailable));
    BOOST_TEST(render(out.error()).find(path + " is not the file any more") != std::string::npos, render(out.error()));
    BOOST_TEST((must(reader->find_code({ids[1]})).code.state == code_state::stocked), "nothing was written");
    BOOST_TEST((must(reader->find_code({ids[0]})).code.state == code_state::bound), "what was bound still resolves");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_place, fixture)

BOOST_AUTO_TEST_CASE(p2_a_store_file_that_was_deleted_under_its_writer_takes_nothing_more) {
  well.bind(well.request(ids[0]));
  fs::remove(home.file);
  check_refused(home.file);
  check_refused(home.file);
}

BOOST_AUTO_TEST_CASE(p2_a_store_file_that_was_replaced_under_its_writer_takes_nothing_more) {
  well.bind(well.request(ids[0]));
  fs::copy_file(home.file, aside);
  fs::rename(aside, home.file);
  check_refused(home.file);
}

BOOST_AUTO_TEST_CASE(p2_a_log_that_was_deleted_under_its_writer_takes_nothing_more) {
  well.bind(well.request(ids[0]));
  fs::remove(home.file + "-wal");
  check_refused(home.file + "-wal");
  // What it held is in the store by now, and outlives even a crash.
  home.crash();
  auto after = home.open();
  BOOST_TEST((must(after->find_code({ids[0]})).code.state == code_state::bound));
}

BOOST_AUTO_TEST_CASE(a_store_file_that_comes_back_is_written_again) {
  well.bind(well.request(ids[0]));
  fs::rename(home.file, aside);
  check_refused(home.file);
  fs::rename(aside, home.file);
  BOOST_TEST((must(bind(ids[1])).results.at(0).end == bind_end::bound));
  well.verify_clean();
}

BOOST_AUTO_TEST_CASE(a_store_behind_a_link_is_watched_with_its_log) {
  store.reset();
  reader.reset();
  auto link = home.file + ".link";
  fs::create_symlink(home.file, link);
  sqlite_options options;
  options.file = link;
  options.clock = clock.view();
  auto linked = must(sqlite_code_store::open(options));
  must(linked->bind({"n1-a", std::vector{well.request(ids[0])}, {}, {}}));
  fs::remove(home.file + "-wal");
  BOOST_TEST((refused(linked->bind({"n1-a", std::vector{well.request(ids[1])}, {}, {}})) == ec::unavailable));
}

BOOST_AUTO_TEST_CASE(a_store_that_was_closed_by_its_writer_is_whole_without_its_log) {
  well.bind(well.request(ids[0]));
  auto commits = must(store->identity()).commit_seq;
  store.reset(); // and the reader is still there, so that SQLite keeps the log
  BOOST_TEST(fs::file_size(home.file + "-wal") == 0u);
  BOOST_TEST(must(sqlite_code_store::identity_in_file(home.file)).commit_seq == commits);
}

// Between the transaction's begin and its end: the commit succeeds, into a file that nobody will ever open again.
BOOST_AUTO_TEST_CASE(p2_a_commit_into_a_file_that_was_just_deleted_is_not_acknowledged) {
  auto armed = false;
  sqlite_options options;
  options.file = home.file;
  options.clock = clock.view();
  options.clock.wall_ms = [&] {
    if (armed) fs::rename(home.file, aside);
    armed = false;
    return clock.wall;
  };
  auto own = must(sqlite_code_store::open(options));
  armed = true;
  auto request = well.request(ids[0]);
  auto out = own->bind({"n1-a", std::vector{request}, {}, {}});
  BOOST_REQUIRE((refused(out) == ec::outcome_unknown));
  BOOST_TEST((refused(own->resolve({{request}})) == ec::unavailable), "and nothing is said of it while it is away");
  fs::rename(aside, home.file);
  BOOST_TEST((must(own->resolve({{request}})).results.at(0).end == bind_end::bound));
}

BOOST_AUTO_TEST_SUITE_END()
