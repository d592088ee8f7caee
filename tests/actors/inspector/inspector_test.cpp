#include "actors/inspector/inspector.hpp"
#include "messages/errors.hpp"
#include "tests/support/det_fixture.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

struct no_state {
  static constexpr const char* name = "actor";
};

status_actor::behavior_type talker(watched<status_actor, no_state>* self, vitals_ptr v) {
  self->set_vitals(v);
  return {watch(v, "status_query", [](status_query) -> actor_status {
    return {"talker", "t", "all is not well", "{}"};
  })};
}

status_actor::behavior_type mute(watched<status_actor, no_state>* self, vitals_ptr v) {
  self->set_vitals(v);
  return {watch(v, "status_query", [self](status_query) -> caf::result<actor_status> {
    return self->make_response_promise<actor_status>();
  })};
}

struct fixture : test::det_fixture {
  std::shared_ptr<vitals_registry> registry = std::make_shared<vitals_registry>();
  std::vector<status_actor> actors;
  inspector_actor the_inspector =
      spawn(inspector, registry->enroll("inspector", "inspector"), inspector_config{"n1"}, registry,
            std::function<std::vector<status_actor>()>([this] { return actors; }));
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(inspector_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(all_that_answer_are_reported_at_once) {
  actors = {spawn(talker, registry->enroll("talker", "t"))};
  auto report = ask<inspect_report>(the_inspector, inspect_query{});
  BOOST_REQUIRE(report);
  BOOST_TEST(report->node == "n1");
  BOOST_TEST(report->actors.size() == 2u);
  BOOST_REQUIRE(report->statuses.size() == 1u);
  BOOST_TEST(report->statuses[0].problem == "all is not well");
}

BOOST_AUTO_TEST_CASE(a_mute_actor_shows_in_the_vitals_and_delays_the_report_no_longer_than_asked) {
  actors = {spawn(talker, registry->enroll("talker", "t")), spawn(mute, registry->enroll("mute", "m"))};
  auto pending = self->request(the_inspector, caf::infinite, inspect_query{true, 500});
  run();
  BOOST_TEST(!self->has_next_message());
  advance(500ms);
  BOOST_REQUIRE(self->has_next_message());
  pending.receive(
      [](inspect_report& report) {
        BOOST_TEST(report.statuses.size() == 1u);
        BOOST_TEST(report.actors.size() == 3u);
      },
      [](caf::error& err) { BOOST_FAIL(render(err)); });
}

BOOST_AUTO_TEST_CASE(without_status_nobody_is_asked) {
  actors = {spawn(mute, registry->enroll("mute", "m"))};
  auto report = ask<inspect_report>(the_inspector, inspect_query{false, 500});
  BOOST_REQUIRE(report);
  BOOST_TEST(report->actors.size() == 2u);
  BOOST_TEST(report->statuses.empty());
}

BOOST_AUTO_TEST_SUITE_END()
