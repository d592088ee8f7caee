#include "runtime/stores/sqlite/log_keeper.hpp"

#include "runtime/stores/sqlite/statement.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

using namespace qrwell;
using namespace qrwell::sqlite;
using namespace qrwell::test;

namespace {

using who = log_turns::who;

constexpr sql insert{"insert", "INSERT INTO filler(text) VALUES(zeroblob(?))"};

/// A store's file with one table, its log left to us.
struct fixture {
  temp_dir dir;
  std::string file = dir / "qrwell.db";
  std::unique_ptr<connection> db = make();

  std::unique_ptr<connection> make() {
    auto out = connection::open(file, access::make, 0, 1'000);
    BOOST_REQUIRE(out);
    (*out)->execute("tables", "CREATE TABLE meta(k, v); CREATE TABLE filler(text)");
    (*out)->keep_log_ourselves();
    return std::move(*out);
  }
  void commit_pages(int pages) {
    db->begin_write();
    db->use(insert).arg(int64_t{pages} * 4'096).run();
    db->commit();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(log_keeper_suite)

BOOST_AUTO_TEST_CASE(the_thread_beside_comes_first_and_the_writer_only_when_the_log_goes_on_growing) {
  log_turns turns;
  BOOST_TEST((turns.committed(log_turns::beside_from - 1) == who::nobody));
  BOOST_TEST((turns.committed(log_turns::beside_from) == who::beside));
  BOOST_TEST((turns.committed(log_turns::beside_from + 10) == who::nobody), "it is at it");
  BOOST_TEST((turns.committed(log_turns::beside_from + log_turns::again_after) == who::beside));
  BOOST_TEST((turns.committed(log_turns::writers_from) == who::writer));
  BOOST_TEST((turns.committed(log_turns::writers_from + 1) == who::nobody), "a reader may keep the log for long");
  BOOST_TEST((turns.committed(log_turns::writers_from + log_turns::again_after) == who::writer));
}

BOOST_AUTO_TEST_CASE(a_log_that_was_begun_anew_has_the_same_turns_again) {
  log_turns turns;
  turns.committed(log_turns::writers_from);
  BOOST_TEST((turns.committed(3) == who::nobody));
  BOOST_TEST((turns.committed(log_turns::beside_from) == who::beside));
  BOOST_TEST((turns.committed(log_turns::writers_from) == who::writer));
}

BOOST_FIXTURE_TEST_CASE(nothing_but_us_brings_the_log_in, fixture) {
  auto before = std::filesystem::file_size(file);
  for (int i = 0; i < 15; ++i) commit_pages(100);
  BOOST_TEST(db->log_pages() >= 1'500);
  BOOST_TEST(std::filesystem::file_size(file) == before);
}

BOOST_FIXTURE_TEST_CASE(the_log_is_begun_anew_after_the_thread_beside_brought_it_in, fixture) {
  auto keeper = log_keeper::start(file);
  BOOST_REQUIRE(keeper);
  commit_pages(500);
  auto before = db->log_pages();
  // Only what a commit finds tells whether it was: each of these is one of a few pages.
  auto anew = false;
  for (int i = 0; i < 2'000 && !anew; ++i) {
    (*keeper)->wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    commit_pages(1);
    anew = db->log_pages() < before;
  }
  BOOST_TEST(anew);
  BOOST_TEST(std::filesystem::file_size(file) >= 500u * 4'096);
}

BOOST_FIXTURE_TEST_CASE(the_thread_ends_though_it_was_woken_at_the_last_moment, fixture) {
  for (int i = 0; i < 20; ++i) {
    auto keeper = log_keeper::start(file);
    BOOST_REQUIRE(keeper);
    commit_pages(10);
    (*keeper)->wake();
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_once_more_is_an_error_that_says_so) {
  temp_dir dir;
  auto none = log_keeper::start(dir / "none.db");
  BOOST_REQUIRE(!none);
  BOOST_TEST(render(none.error()).find("none.db: cannot be opened once more") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
