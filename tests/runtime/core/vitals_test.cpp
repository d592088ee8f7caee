#include "runtime/core/vitals.hpp"

#include "messages/interfaces.hpp"
#include "tests/support/det_fixture.hpp"

using namespace qrwell;

namespace {

struct parrot_state {
  static constexpr const char* name = "parrot";
};

status_actor::behavior_type parrot(watched<status_actor, parrot_state>* self, vitals_ptr v) {
  self->set_vitals(v);
  return {watch(v, "status_query", [self](status_query) -> actor_status {
    return {"parrot", "p1", "", "{}"};
  })};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(vitals_suite, test::det_fixture)

BOOST_AUTO_TEST_CASE(handled_messages_are_counted_and_death_shows) {
  vitals_registry registry;
  auto actor = spawn(parrot, registry.enroll("parrot", "p1"));
  BOOST_TEST(ask<actor_status>(actor, status_query{})->kind == "parrot");
  auto seen = registry.snapshot().at(0);
  BOOST_TEST(seen.handled == 1u);
  BOOST_TEST(seen.message == "status_query");
  BOOST_TEST(seen.mailbox == 0u);
  BOOST_TEST(!seen.busy);
  BOOST_TEST(seen.alive);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  run();
  owned.clear();
  actor = nullptr;
  BOOST_TEST(!registry.snapshot().at(0).alive);
}

BOOST_AUTO_TEST_CASE(a_handler_under_way_shows_what_it_does_and_what_waits) {
  vitals_registry registry;
  auto v = registry.enroll("parrot", "p2");
  v->enqueued = 3;
  {
    handling h{v.get(), "bind_group"};
    auto seen = registry.snapshot().at(0);
    BOOST_TEST(seen.busy);
    BOOST_TEST(seen.message == "bind_group");
    BOOST_TEST(seen.mailbox == 2u);
  }
  BOOST_TEST(!registry.snapshot().at(0).busy);
}

BOOST_AUTO_TEST_CASE(a_restarted_actor_keeps_its_count_and_reason) {
  vitals_registry registry;
  registry.enroll("pool_stocker", "default", "default");
  registry.note_failure("pool_stocker", "default", "unavailable: store");
  auto seen = registry.snapshot().at(0);
  BOOST_TEST(!seen.alive);
  registry.enroll("pool_stocker", "default", "default");
  seen = registry.snapshot().at(0);
  BOOST_TEST(seen.alive);
  BOOST_TEST(seen.restarts == 1u);
  BOOST_TEST(seen.last_failure == "unavailable: store");
}

BOOST_AUTO_TEST_SUITE_END()
