#include "actors/scan_server/scan_server.hpp"

#include "messages/errors.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

struct no_state {
  static constexpr const char* name = "fake";
};

struct sink_state {
  static constexpr const char* name = "sink";
  std::string written;
  std::vector<std::string> forgotten;
};

answer_sink::behavior_type sink(answer_sink::stateful_pointer<sink_state> self, scan_server_actor* server) {
  (void)server;
  return {[self](const http_answers& answers) { self->state.written += answers.arena; }, [](const hot_scenes&) {},
          [self](const scenes_changed& changed) {
            for (const auto& id : changed.ids) self->state.forgotten.push_back(id);
          }};
}

struct fixture : test::det_fixture {
  std::shared_ptr<const mac_keys> keys =
      std::make_shared<const mac_keys>(mac_keys::from({{'q', secret(std::string(32, 'b')), {}}}));
  vitals_registry registry;
  bool store_answers = true;
  int asked = 0;
  uint64_t counted = 0;

  std::shared_ptr<test::store_reader_hooks> store = std::make_shared<test::store_reader_hooks>();
  store_reader_actor reader = spawn(test::hooked_store_reader, store);
  scan_recorder_actor recorder =
      sys.spawn([this](scan_recorder_actor::stateful_pointer<no_state>) -> scan_recorder_actor::behavior_type {
        return {[this](const scans_seen& seen) { counted += seen.scans.size(); }, [](const count_limits&) {},
                [](tick) {}, [](status_query) -> actor_status { return {}; }};
      });
  scan_server_actor server = spawn(scan_server, registry.enroll("scan_server", "scan_server"), scan_server_config{},
                                   keys, wall_clock([] { return int64_t{1'800'000'000'000}; }), reader, recorder);
  answer_sink front = spawn(sink, &server);

  fixture() {
    store->find_scenes = [this](const scene_query& query) -> std::optional<caf::expected<scene_answer>> {
      ++asked;
      scene_answer answer;
      for (const auto& id : query.ids) answer.scenes.push_back({id, code_state::bound, 1, "pages/a", "", 0});
      if (!store_answers) return std::nullopt;
      return answer;
    };
    owned.push_back(caf::actor_cast<caf::strong_actor_ptr>(recorder));
  }

  void scan(const std::string& id) {
    http_request request;
    request.target = "/v1/scenes/" + id;
    caf::actor_cast<caf::abstract_actor*>(server)->enqueue(
        caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(front), caf::make_message_id(), {},
                                  http_batch{{request}}),
        nullptr);
    run();
  }
  sink_state& seen() {
    return dynamic_cast<answer_sink::stateful_base<sink_state>&>(*caf::actor_cast<caf::abstract_actor*>(front)).state;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(scan_server_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(a_scan_goes_to_the_store_once_and_back_to_its_front_end) {
  auto id = keys->mint(0);
  scan(id);
  scan(id);
  BOOST_TEST(asked == 1);
  BOOST_TEST(seen().written.find("pages/a") != seen().written.rfind("pages/a"));
  BOOST_TEST(counted == 2u);
}

BOOST_AUTO_TEST_CASE(a_silent_store_gives_503_at_its_time_out) {
  store_answers = false;
  scan(keys->mint(0));
  advance(1400ms);
  BOOST_TEST(seen().written.empty());
  advance(200ms);
  BOOST_TEST(seen().written.find("HTTP/1.1 503") == 0u);
  auto status = ask<actor_status>(server, status_query{});
  BOOST_REQUIRE(status);
  BOOST_TEST(status->problem.find("store") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_change_reaches_the_front_ends) {
  auto id = keys->mint(0);
  scan(id);
  tell(server, scenes_changed{{id}});
  BOOST_REQUIRE(seen().forgotten.size() == 1u);
  scan(id);
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(a_change_that_nobody_was_told_of_shows_within_30_s) {
  auto id = keys->mint(0);
  scan(id);
  store->find_scenes = [](const scene_query& query) -> std::optional<caf::expected<scene_answer>> {
    return scene_answer{{{query.ids[0], code_state::revoked, 2, "pages/a", "", 0}}, 0};
  };
  advance(30s);
  scan(id);
  BOOST_TEST(seen().written.find("HTTP/1.1 410") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_scan_server_that_is_started_again_asks_the_store_whose_keys_are_there) {
  auto forged = "q" + std::string(19, 'x');
  scan(forged);
  BOOST_TEST(asked == 1, "nothing is called forged before the store told its keys");
  store->mac_keys = [](const mac_keys_query&) -> caf::expected<foreign_keys> { return foreign_keys{{{'q', {}}}, ""}; };
  advance(1s);
  scan("q" + std::string(19, 'y'));
  BOOST_TEST(asked == 1, "the key is ours alone");
  store->mac_keys = [](const mac_keys_query&) -> caf::expected<foreign_keys> {
    foreign_key other{'q', {}};
    other.fingerprint.fill(1);
    return foreign_keys{{{'q', {}}, other}, ""};
  };
  server = spawn(scan_server, registry.enroll("scan_server", "again"), scan_server_config{}, keys,
                 wall_clock([] { return int64_t{1'800'000'000'000}; }), reader, recorder);
  scan("q" + std::string(19, 'z'));
  BOOST_TEST(asked == 2, "an import brought another one");
}

BOOST_AUTO_TEST_SUITE_END()
