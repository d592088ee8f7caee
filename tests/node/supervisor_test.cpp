#include "node/supervisor.hpp"

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/heard_log.hpp"

#include <stdexcept>

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

struct no_state {
  static constexpr const char* name = "fragile";
};

// Dies of `tick`, answers status.
using fragile_actor = caf::typed_actor<caf::reacts_to<tick>>::extend_with<status_actor>;

fragile_actor::behavior_type fragile(watched<fragile_actor, no_state>* self, vitals_ptr v, int incarnation) {
  self->set_vitals(v);
  return {watch(v, "tick", [](tick) { throw std::runtime_error("bad row"); }),
          watch(v, "status_query", [incarnation](status_query) -> actor_status {
            return {"fragile", "f", std::to_string(incarnation), "{}"};
          })};
}

struct fixture : test::det_fixture {
  std::shared_ptr<vitals_registry> registry = std::make_shared<vitals_registry>();
  std::vector<std::string> stops;
  int born = 0;
  std::optional<supervisor> boss{std::in_place, sys, registry, [this](std::string reason) { stops.push_back(reason); }};

  fragile_actor start(on_death rule) {
    auto h = boss->add_as<fragile_actor>(
        {"fragile", "f", rule,
         [this] { return caf::actor_cast<caf::actor>(sys.spawn(fragile, registry->enroll("fragile", "f"), ++born)); }});
    run();
    return h;
  }
  ~fixture() {
    boss->stop(0);
    run();
    boss.reset();
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(supervisor_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(the_address_outlives_a_death) {
  auto actor = start(on_death::restart);
  BOOST_TEST(ask<actor_status>(actor, status_query{})->problem == "1");
  tell(actor, tick{});
  auto meanwhile = ask<actor_status>(actor, status_query{});
  BOOST_REQUIRE(!meanwhile);
  BOOST_TEST((code_of(meanwhile.error()) == ec::unavailable));
  BOOST_TEST(!registry->snapshot().at(0).alive);
  BOOST_TEST(registry->snapshot().at(0).last_failure.find("bad row") != std::string::npos);
  advance(1s);
  BOOST_TEST(ask<actor_status>(actor, status_query{})->problem == "2");
  BOOST_TEST(registry->snapshot().at(0).restarts == 1u);
  BOOST_TEST(registry->snapshot().at(0).alive);
}

BOOST_AUTO_TEST_CASE(repeated_deaths_wait_longer_and_peace_forgives) {
  auto actor = start(on_death::restart);
  tell(actor, tick{});
  advance(1s);
  tell(actor, tick{});
  advance(1s);
  BOOST_TEST(!ask<actor_status>(actor, status_query{}));
  advance(1s);
  BOOST_TEST(ask<actor_status>(actor, status_query{})->problem == "3");
  advance(11min, 10s);
  tell(actor, tick{});
  advance(1s);
  BOOST_TEST(ask<actor_status>(actor, status_query{})->problem == "4");
}

BOOST_AUTO_TEST_CASE(the_delay_grows_to_a_minute) {
  BOOST_TEST(restart_delay_ms(1) == 1'000);
  BOOST_TEST(restart_delay_ms(2) == 2'000);
  BOOST_TEST(restart_delay_ms(6) == 32'000);
  BOOST_TEST(restart_delay_ms(7) == 60'000);
  BOOST_TEST(restart_delay_ms(1'000'000) == 60'000);
}

BOOST_AUTO_TEST_CASE(some_deaths_stop_the_node) {
  auto actor = start(on_death::stop_node);
  tell(actor, tick{});
  BOOST_REQUIRE(stops.size() == 1u);
  BOOST_TEST(stops[0].find("fragile f died") != std::string::npos);
  advance(5s);
  BOOST_TEST(!ask<actor_status>(actor, status_query{}));
}

BOOST_AUTO_TEST_CASE(a_replacement_takes_over_at_once_and_is_no_death) {
  auto actor = start(on_death::restart);
  boss->replace("fragile", "f", [this] {
    return caf::actor_cast<caf::actor>(sys.spawn(fragile, registry->enroll("fragile", "f"), 77));
  });
  run();
  BOOST_TEST(ask<actor_status>(actor, status_query{})->problem == "77");
  advance(5s);
  BOOST_TEST(registry->snapshot().at(0).restarts == 0u);
  BOOST_TEST(registry->snapshot().at(0).alive);
}

BOOST_AUTO_TEST_CASE(an_orderly_end_is_no_death) {
  auto actor = start(on_death::restart);
  boss->stop_one("fragile", "f", 0);
  run();
  advance(5s);
  BOOST_TEST(born == 1);
  BOOST_TEST(registry->snapshot().at(0).restarts == 0u);
}

BOOST_AUTO_TEST_CASE(deaths_and_restarts_are_in_the_log) {
  test::heard_log heard;
  auto actor = start(on_death::restart);
  tell(actor, tick{});
  advance(1s);
  auto lines = heard.lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 2u);
  BOOST_TEST(lines[0].at("msg").as_string() == "actor died");
  BOOST_TEST(lines[0].at("level").as_string() == "error");
  BOOST_TEST(lines[0].at("kind").as_string() == "fragile");
  BOOST_TEST(lines[0].at("restart_in_ms").as_int64() == 1'000);
  BOOST_TEST(std::string(lines[0].at("why").as_string()).find("bad row") != std::string::npos);
  BOOST_TEST(lines[1].at("msg").as_string() == "actor restarted");
}

BOOST_AUTO_TEST_SUITE_END()
