#include "actors/quota_manager/quota_manager.hpp"

#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_store_writer.hpp"
#include "tests/support/sim_database.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

// Of a hook; nothing: the store hangs.
template <class Out>
using answer = std::optional<caf::expected<Out>>;

struct bench : test::det_fixture {
  test::sim_database db;
  std::shared_ptr<test::store_writer_hooks> hooks = std::make_shared<test::store_writer_hooks>();
  vitals_registry registry;
  quota_manager_config cfg;
  quota_manager_actor quota;
  uint32_t minted = 0;

  bench() {
    cfg.app = "homes";
    cfg.app_id = 3;
    cfg.holder = "n1#1";
    auto& d = db;
    auto at = [this, &d]() -> test::sim_database& {
      d.now_ms = now_ms();
      return d;
    };
    hooks->take_lease = [at](const lease_take& m) -> answer<lease_view> { return at().take(m); };
    hooks->renew_lease = [at](const lease_renew& m) -> answer<lease_view> { return at().renew(m); };
    hooks->open_grant = [at](const grant_open& m) -> answer<done> {
      if (auto err = at().open(m)) return err;
      return done{};
    };
    hooks->find_grant = [at](const grant_find& m) { return answer<grant_found>{at().find(m)}; };
    hooks->close_grant = [at](const grant_close& m) { return answer<grant_closed>{at().close(m)}; };
    hooks->drop_grants = [at](const grants_drop& m) -> answer<done> {
      at().drop(m);
      return done{};
    };
  }

  void start() {
    auto store = spawn(test::hooked_store_writer, hooks);
    quota = spawn(quota_manager, registry.enroll("quota_manager", "homes"), cfg, store,
                  quota_core::mint_fn{[this] { return "id" + std::to_string(++minted); }},
                  wall_clock{[this] { return now_ms(); }});
  }

  std::string facts() { return ask<actor_status>(quota, status_query{})->facts; }
  bool says(const std::string& what) { return facts().find(what) != std::string::npos; }
};

struct started : bench {
  started() { start(); }
};

// Asks once and then ends.
struct asker_state {
  static constexpr const char* name = "asker";
};

caf::behavior asker(caf::stateful_actor<asker_state>* self, quota_manager_actor quota) {
  self->request(quota, 10s, grant_request{9, quota_class::stock, 16, {}}).then([](const grant_ticket&) {});
  return {[self](int) { self->quit(); }};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(quota_manager_suite, started, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(it_leads_at_once_and_hands_out_units) {
  BOOST_TEST(says("\"leader\":true"));
  auto g = ask<grant_ticket>(quota, grant_request{9, quota_class::stock, 16, {"carried"}});
  BOOST_REQUIRE(g);
  BOOST_TEST(g->ids.size() == 16u);
  BOOST_TEST(g->ids[0] == "carried");
  BOOST_TEST(says("\"unsent\":16"));
  tell(quota, units_sent{g->epoch, g->seq, 16});
  BOOST_TEST(says("\"in_flight\":16"));
  for (int i = 0; i < 15; ++i) tell(quota, unit_ended{g->epoch, g->seq, unit_end::answered});
  tell(quota, unit_ended{g->epoch, g->seq, unit_end::never_written});
  BOOST_TEST(says("\"cooling\":15"));
  BOOST_TEST(says("\"used_60s\":15"));
  grant_close c;
  c.epoch = g->epoch;
  c.seq = g->seq;
  c.sent = 15;
  BOOST_TEST(ask<grant_closed>(quota, c)->was_open);
  BOOST_TEST(ask<grant_closed>(quota, c)->was_open);
  BOOST_TEST(says("\"open_grants\":0"));
  advance(64s);
  BOOST_TEST(says("\"free\":5000"));
  BOOST_TEST(db.rows() == 0u);
}

BOOST_AUTO_TEST_CASE(status_has_all_facts) {
  auto s = ask<actor_status>(quota, status_query{});
  BOOST_TEST(s->kind == "quota_manager");
  BOOST_TEST(s->name == "homes");
  BOOST_TEST(s->problem == "");
  BOOST_TEST(s->facts ==
             R"({"app":"homes","leader":true,"epoch":1,"limit":5000,"effective_limit":5000,"state":"normal",)"
             R"("free":5000,"unsent":0,"in_flight":0,"cooling":0,"charged":0,"withheld":0,"used_60s":0,)"
             R"("open_grants":0,"foreign_use":false})");
}

BOOST_AUTO_TEST_CASE(the_lease_is_kept_for_hours) {
  advance(2h, 1s);
  BOOST_TEST(says("\"leader\":true"));
  BOOST_TEST(says("\"epoch\":1"));
}

BOOST_AUTO_TEST_CASE(another_leader_is_named_and_waited_for) {
  lease_take by_other;
  by_other.holder = "n2#1";
  db.now_ms = now_ms() + 20'000;
  BOOST_REQUIRE(db.take(by_other));
  advance(4s);
  auto s = ask<actor_status>(quota, status_query{});
  BOOST_TEST(s->problem.find("does not lead") != std::string::npos);
  auto g = ask<grant_ticket>(quota, grant_request{9, quota_class::stock, 16, {}});
  BOOST_REQUIRE(!g);
  BOOST_TEST((code_of(g.error()) == ec::not_leader));
  advance(40s); // the other one is never heard of again
  BOOST_TEST(says("\"leader\":true"));
  BOOST_TEST(says("\"epoch\":3"));
}

BOOST_AUTO_TEST_CASE(a_request_without_units_is_answered_within_a_second) {
  for (int i = 0; i < 6; ++i) ask<grant_ticket>(quota, grant_request{9, quota_class::stock, 16, {}});
  advance(2s);
  auto rh = self->request(quota, caf::infinite, grant_request{9, quota_class::stock, 16, {}});
  advance(1100ms);
  bool answered = false;
  BOOST_REQUIRE(self->has_next_message());
  rh.receive(
      [&](grant_ticket& g) {
        answered = true;
        BOOST_TEST(g.ids.empty());
        BOOST_TEST(g.retry_after_ms > 0u);
      },
      [](caf::error&) {});
  BOOST_TEST(answered);
}

BOOST_AUTO_TEST_CASE(a_store_that_hangs_keeps_nobody_waiting_for_ever) {
  hooks->open_grant = [](const grant_open&) -> answer<done> { return std::nullopt; };
  hooks->find_grant = [](const grant_find&) -> answer<grant_found> { return std::nullopt; };
  auto rh = self->request(quota, caf::infinite, grant_request{9, quota_class::stock, 16, {}});
  advance(8200ms);
  BOOST_REQUIRE(self->has_next_message());
  rh.receive([](grant_ticket& g) { BOOST_TEST(g.ids.empty()); }, [](caf::error&) { BOOST_TEST(false); });
  BOOST_TEST(says("\"unsent\":16")); // out of use until the store says
  hooks->find_grant = [this](const grant_find& m) { return answer<grant_found>{db.find(m)}; };
  advance(10s);
  BOOST_TEST(says("\"unsent\":0"));
  BOOST_TEST(says("\"free\":5000"));
}

BOOST_AUTO_TEST_CASE(a_close_survives_a_store_that_is_away) {
  auto g = ask<grant_ticket>(quota, grant_request{9, quota_class::stock, 16, {}});
  auto close = hooks->close_grant;
  hooks->close_grant = [](const grant_close&) -> answer<grant_closed> { return fail(ec::unavailable, "away"); };
  grant_close c;
  c.epoch = g->epoch;
  c.seq = g->seq;
  auto rh = self->request(quota, caf::infinite, c);
  advance(30s);
  BOOST_TEST(!self->has_next_message());
  BOOST_TEST(ask<actor_status>(quota, status_query{})->problem.find("away") != std::string::npos);
  hooks->close_grant = close;
  advance(5s);
  BOOST_REQUIRE(self->has_next_message());
  rh.receive([](grant_closed& r) { BOOST_TEST(r.was_open); }, [](caf::error&) { BOOST_TEST(false); });
}

BOOST_AUTO_TEST_CASE(a_stocker_that_dies_is_noticed) {
  auto stocker = sys.spawn(asker, quota);
  run();
  BOOST_TEST(says("\"unsent\":16"));
  caf::anon_send_exit(stocker, caf::exit_reason::kill);
  run();
  advance(59s);
  BOOST_TEST(says("\"unsent\":16"));
  advance(2s);
  BOOST_TEST(says("\"cooling\":16"));
}

BOOST_AUTO_TEST_CASE(who_waits_is_told_when_the_node_shuts_down) {
  hooks->open_grant = [](const grant_open&) -> answer<done> { return std::nullopt; };
  auto rh = self->request(quota, caf::infinite, grant_request{9, quota_class::stock, 16, {}});
  run();
  caf::anon_send_exit(quota, caf::exit_reason::user_shutdown);
  run();
  BOOST_REQUIRE(self->has_next_message());
  rh.receive([](grant_ticket&) { BOOST_TEST(false); },
             [](caf::error& e) { BOOST_TEST((code_of(e) == ec::shutting_down)); });
}

BOOST_AUTO_TEST_CASE(complaints_of_wechat_arrive) {
  tell(quota, limit_reported{45009});
  BOOST_TEST(says("\"state\":\"slowed\""));
  BOOST_TEST(says("\"effective_limit\":2500"));
  BOOST_TEST(says("\"withheld\":2500"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_CASE(requests_before_the_lease_wait_for_it, bench, *boost::unit_test::timeout(20)) {
  auto take = hooks->take_lease;
  hooks->take_lease = [](const lease_take&) -> answer<lease_view> { return std::nullopt; };
  start();
  auto rh = self->request(quota, caf::infinite, grant_request{9, quota_class::stock, 16, {}});
  run();
  BOOST_TEST(!self->has_next_message());
  advance(5100ms);
  BOOST_REQUIRE(self->has_next_message());
  rh.receive([](grant_ticket&) { BOOST_TEST(false); },
             [](caf::error& e) { BOOST_TEST((code_of(e) == ec::not_leader)); });
  hooks->take_lease = take;
  advance(1100ms);
  BOOST_TEST(says("\"leader\":true"));
}
