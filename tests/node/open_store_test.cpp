#include "node/open_store.hpp"

#include "config/options.hpp"
#include "node/store_keys.hpp"
#include "node/watermark.hpp"
#include "runtime/stores/sqlite/schema.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace qrwell;
namespace fs = std::filesystem;

namespace {

/// A data directory as a node leaves it, with one bind group committed.
struct fixture {
  test::temp_dir dir;
  settings cfg = config::default_settings();

  fixture() {
    cfg.node.data_dir = dir / "data";
    cfg.store.sqlite = dir / "data/qrwell.db";
    cfg.keys.mac_file = dir / "data/mac.keys";
  }
  data_dir hold() {
    auto held = data_dir::open(cfg.node.data_dir, "n1");
    BOOST_REQUIRE_MESSAGE(held, (held ? "" : render(held.error())));
    return std::move(*held);
  }
  /// What a node writes down of a store from its start to its end.
  void live(uint64_t commits) {
    auto held = hold();
    auto store = open_store_for_node(cfg, held);
    BOOST_REQUIRE_MESSAGE(store, (store ? "" : render(store.error())));
    BOOST_REQUIRE(open_store_keys(**store, cfg.keys.mac_file));
    BOOST_TEST(!held.begin());
    for (uint64_t i = 0; i < commits; ++i) BOOST_REQUIRE((*store)->bind({"n1", {}, {}, {}}));
    auto identity = (*store)->identity();
    BOOST_REQUIRE(identity);
    store->reset();
    BOOST_TEST(!settle_watermark(cfg.node.data_dir, *identity, cfg.store.sqlite));
  }
  /// The same, and at its end the process dies: the log stays, and nothing is written down.
  void live_and_die(uint64_t commits) {
    auto held = hold();
    auto store = open_store_for_node(cfg, held);
    BOOST_REQUIRE_MESSAGE(store, (store ? "" : render(store.error())));
    for (uint64_t i = 0; i < commits; ++i) BOOST_REQUIRE((*store)->bind({"n1", {}, {}, {}}));
    for (const auto* end : {"", "-wal"}) fs::copy_file(cfg.store.sqlite + end, dir / ("left" + std::string(end)));
    store->reset();
    for (const auto* end : {"", "-wal"}) fs::rename(dir / ("left" + std::string(end)), cfg.store.sqlite + end);
  }
  void lose_the_store() {
    for (const auto* end : {"", "-wal", "-shm"}) fs::remove(cfg.store.sqlite + end);
  }
  bool nothing_was_made() const { return !fs::exists(cfg.store.sqlite); }
};

template <class T>
void check_refused(const caf::expected<T>& out, ec code, std::initializer_list<std::string> words) {
  BOOST_REQUIRE(!out);
  BOOST_TEST((code_of(out.error()) == code), render(out.error()));
  for (const auto& word : words)
    BOOST_TEST(render(out.error()).find(word) != std::string::npos, render(out.error()) << " lacks " << word);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(open_store_suite, fixture)

BOOST_AUTO_TEST_CASE(a_first_start_makes_a_store_and_a_second_one_finds_it) {
  auto held = hold();
  std::string uuid;
  for (int i = 0; i < 2; ++i) {
    auto store = open_store_for_node(cfg, held);
    BOOST_REQUIRE(store);
    auto now = (*store)->identity()->store_uuid;
    BOOST_TEST((i == 0 || now == uuid));
    uuid = now;
  }
}

BOOST_AUTO_TEST_CASE(p1_no_new_store_takes_the_place_of_one_that_is_gone) {
  live(3);
  lose_the_store();
  auto held = hold();
  check_refused(open_store_for_node(cfg, held), ec::not_found,
                {cfg.store.sqlite + " is not there", "watermark, incarnations, mac.keys", "newest copy"});
  std::ofstream{cfg.store.sqlite};
  check_refused(open_store_for_node(cfg, held), ec::not_found, {cfg.store.sqlite + " is empty"});
  lose_the_store();
  for (const auto* last_sign : {"incarnations", "mac.keys", "watermark"}) {
    for (const auto* sign : {"incarnations", "mac.keys", "watermark"}) {
      fs::remove(cfg.node.data_dir + "/" + sign);
    }
    std::ofstream(cfg.node.data_dir + "/" + last_sign)
        << (last_sign == std::string("watermark") ? "uuid-a 5 3\n" : "n1.0123456789abcdef\n");
    check_refused(open_store_for_node(cfg, held), ec::not_found, {last_sign});
    BOOST_TEST(nothing_was_made());
  }
}

BOOST_AUTO_TEST_CASE(a_command_makes_no_store_and_says_what_is_missing) {
  {
    auto held = hold();
    check_refused(open_store_for_command(cfg, held), ec::not_found, {"`qrwell serve` makes a store"});
    check_refused(open_store_to_look(cfg), ec::not_found, {"`qrwell serve` makes a store"});
    BOOST_TEST(nothing_was_made());
  }
  live(3);
  lose_the_store();
  auto held = hold();
  check_refused(open_store_for_command(cfg, held), ec::not_found, {"is not there", "has had a store before"});
  check_refused(open_store_to_look(cfg), ec::not_found, {"is not there", "has had a store before"});
  BOOST_TEST(nothing_was_made());
}

BOOST_AUTO_TEST_CASE(p1_a_command_refuses_an_older_copy_too) {
  live(3);
  fs::copy_file(cfg.store.sqlite, dir / "older");
  live(2);
  {
    auto held = hold();
    BOOST_TEST(static_cast<bool>(open_store_for_command(cfg, held)));
    BOOST_TEST(static_cast<bool>(open_store_to_look(cfg)));
  }
  lose_the_store();
  fs::copy_file(dir / "older", cfg.store.sqlite);
  auto held = hold();
  check_refused(open_store_for_command(cfg, held), ec::restored_copy, {"commit 3 of 5"});
  check_refused(open_store_to_look(cfg), ec::restored_copy, {"commit 3 of 5"});
}

// The log has the newest number of commits, so that by the watermark alone the mixture is the newest store.
BOOST_AUTO_TEST_CASE(p1_a_copy_under_the_log_of_its_successor_is_refused) {
  live(3);
  fs::copy_file(cfg.store.sqlite, dir / "older");
  live(2);
  live_and_die(2);
  fs::copy_file(cfg.store.sqlite, dir / "newest");
  fs::copy_file(dir / "older", cfg.store.sqlite, fs::copy_options::overwrite_existing);
  {
    auto held = hold();
    check_refused(open_store_for_node(cfg, held), ec::restored_copy,
                  {cfg.store.sqlite + " is a copy (commit 3) under the log of its successor", "commit 5 or later"});
    check_refused(open_store_for_command(cfg, held), ec::restored_copy, {"under the log of its successor"});
  }
  fs::copy_file(dir / "newest", cfg.store.sqlite, fs::copy_options::overwrite_existing);
  auto held = hold();
  auto store = open_store_for_node(cfg, held);
  BOOST_REQUIRE_MESSAGE(store, (store ? "" : render(store.error())));
  BOOST_TEST((*store)->identity()->commit_seq == 7u);
}

BOOST_AUTO_TEST_CASE(a_log_alone_is_no_store) {
  live(3);
  live_and_die(2);
  fs::remove(cfg.store.sqlite);
  auto held = hold();
  check_refused(open_store_for_node(cfg, held), ec::not_found, {"is not there", "has had a store before"});
  check_refused(open_store_for_command(cfg, held), ec::not_found, {"is not there", "has had a store before"});
  BOOST_TEST(nothing_was_made());
}

BOOST_AUTO_TEST_CASE(a_command_leaves_a_store_of_an_older_schema_to_the_node) {
  {
    auto held = hold();
    auto db = sqlite::connection::open(cfg.store.sqlite, sqlite::access::make, 0, 1'000);
    BOOST_REQUIRE(db);
    sqlite::migrate(**db, sqlite::migrations().first(1), "");
  }
  auto held = hold();
  check_refused(open_store_for_command(cfg, held), ec::conflict, {"start a node of this version"});
  BOOST_TEST(!fs::exists(cfg.store.sqlite + ".schema1"));
  BOOST_TEST(static_cast<bool>(open_store_for_node(cfg, held)));
  BOOST_TEST(static_cast<bool>(open_store_for_command(cfg, held)));
}

BOOST_AUTO_TEST_SUITE_END()
