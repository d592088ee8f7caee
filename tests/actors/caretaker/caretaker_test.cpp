#include "actors/caretaker/caretaker.hpp"

#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

struct fixture : test::det_fixture {
  std::shared_ptr<test::store_reader_hooks> store = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::store_writer_hooks> writes = std::make_shared<test::store_writer_hooks>();
  std::shared_ptr<test::image_worker_hooks> files = std::make_shared<test::image_worker_hooks>();
  vitals_registry registry;
  store_identity identity;
  std::vector<uint64_t> written;
  std::vector<uint64_t> to_purge;
  std::vector<std::string> dropped;
  caf::error disk, directory;

  store_reader_actor reader = spawn(test::hooked_store_reader, store);
  store_writer_actor writer = spawn(test::hooked_store_writer, writes);
  image_worker_actor images = spawn(test::hooked_image_worker, files);
  caretaker_actor keeper;

  void start() {
    store->identity = [this](const identity_query&) -> caf::expected<store_identity> { return identity; };
    writes->purge = [this](const store_purge&) -> caf::expected<affected> {
      if (to_purge.empty()) return affected{};
      affected out{to_purge.back(), {"id" + std::to_string(to_purge.back())}};
      to_purge.pop_back();
      return out;
    };
    files->drop = [this](images_drop& drop) -> caf::expected<done> {
      dropped.insert(dropped.end(), drop.ids.begin(), drop.ids.end());
      return done{};
    };
    keeper = spawn(caretaker, registry.enroll("caretaker", "caretaker"), caretaker_config{}, writer, reader, images,
                   std::function<caf::error()>([this] { return directory; }),
                   std::function<caf::error(const store_identity&)>([this](const store_identity& now) {
                     if (!disk) written.push_back(now.commit_seq);
                     return disk;
                   }));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(caretaker_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(the_watermark_follows_the_store_and_is_not_written_twice) {
  identity.commit_seq = 7;
  start();
  BOOST_TEST(written == std::vector<uint64_t>{7}, boost::test_tools::per_element());
  advance(20s);
  BOOST_TEST(written.size() == 1u);
  identity.commit_seq = 9;
  advance(5s);
  BOOST_TEST(written.back() == 9u);
}

BOOST_AUTO_TEST_CASE(a_watermark_that_cannot_be_written_is_a_problem_and_tried_again) {
  identity.commit_seq = 7;
  disk = fail(ec::disk_full, "no room");
  start();
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.find("no room") != std::string::npos);
  disk = {};
  advance(5s);
  BOOST_TEST(written.size() == 1u);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_answers_again_is_no_problem_though_it_has_not_moved) {
  identity.commit_seq = 7;
  start();
  store->identity = [](const identity_query&) -> caf::expected<store_identity> { return fail(ec::store_busy, "busy"); };
  advance(5s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.find("busy") != std::string::npos);
  store->identity = [this](const identity_query&) -> caf::expected<store_identity> { return identity; };
  advance(5s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.empty());
}

BOOST_AUTO_TEST_CASE(a_data_directory_that_is_not_held_any_more_is_named_though_nothing_is_committed) {
  identity.commit_seq = 7;
  start();
  directory = fail(ec::locked, "the lock was deleted");
  advance(5s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.find("the lock was deleted") != std::string::npos);
  directory = {};
  advance(5s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.empty());
}

BOOST_AUTO_TEST_CASE(a_purge_goes_on_until_a_step_was_not_full_and_images_follow_their_rows) {
  to_purge = {3, 500, 500};
  start();
  BOOST_TEST(to_purge.empty());
  BOOST_TEST(dropped.size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_deleted_is_a_problem_until_the_next_round_succeeds) {
  identity.commit_seq = 7;
  start();
  auto purge = writes->purge;
  writes->purge = [](const store_purge&) -> caf::expected<affected> { return fail(ec::disk_full, "no room"); };
  advance(60s);
  advance(30s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.find("old rows") != std::string::npos);
  writes->purge = purge;
  advance(60s);
  BOOST_TEST(ask<actor_status>(keeper, status_query{})->problem.empty());
}

BOOST_AUTO_TEST_CASE(the_next_round_comes_after_a_minute) {
  start();
  to_purge = {2};
  advance(50s);
  BOOST_TEST(to_purge.size() == 1u);
  advance(15s);
  BOOST_TEST(to_purge.empty());
}

BOOST_AUTO_TEST_SUITE_END()
