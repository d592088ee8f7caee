#include "actors/pool_stocker/pool_stocker.hpp"

#include "tests/actors/pool_stocker/core_bench.hpp"
#include "tests/support/stock_world.hpp"

using namespace qrwell;
using namespace qrwell::test;
using namespace std::chrono_literals;

namespace {

pool_state_sink::behavior_type sink(pool_state_sink::pointer, world_ptr w) {
  return {[w](const pool_state& s) { w->states.push_back(s); }};
}

struct stocker_fixture : det_fixture {
  world_ptr world = std::make_shared<stock_world>();
  vitals_registry registry;
  pool_stocker_actor stocker;
  wechat_fetcher_actor fetcher;

  stocker_fixture() {
    world->levels.pool.pool = "default";
    world->levels.pool.gen_id = 7;
    world->levels.generations.push_back({7, "default", 1, R"({"page":"p"})", {}, generation_state::current, 0});
    world->levels.levels.push_back({7, 0, 0, 0, 0, 0});
    world->fetch = [seed = 0u](const fetch_code& f) mutable { return image_of(f.id, ++seed); };
  }

  void start() {
    auto pool = small_pool();
    BOOST_REQUIRE(!validate(pool));
    pool.wall = [this] { return 1'789'689'600'000 + now_ms(); };
    auto state_sink = spawn(sink, world);
    fetcher = spawn(fake_fetcher, world);
    stocker = spawn(pool_stocker, registry.enroll("pool_stocker", "default", "default"), pool, spawn(fake_quota, world),
                    fetcher, spawn(fake_writer, world), spawn(fake_reader, world), spawn(fake_images, world),
                    std::vector<pool_state_sink>{state_sink, state_sink});
  }

  uint64_t stocked() const {
    uint64_t n = 0;
    for (const auto& c : world->closes) n += c.stocked.size();
    return n;
  }

  void release() { tell(fetcher, tick{}); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pool_stocker_suite, stocker_fixture)

BOOST_AUTO_TEST_CASE(fills_a_pool, *boost::unit_test::timeout(60)) {
  start();
  advance(5s);
  BOOST_TEST(stocked() == 100u);
  BOOST_TEST(world->images.size() == 100u);
  for (const auto& c : world->closes) {
    check_books(c);
    BOOST_TEST(world->sent[c.seq] == c.sent);
    BOOST_TEST(world->ended[c.seq] == c.sent);
    for (const auto& code : c.stocked) BOOST_TEST(world->images.at(code.id).size() == code.image_bytes);
  }
  auto state = ask<pool_state>(stocker, pool_query{});
  BOOST_REQUIRE(state.engaged());
  BOOST_TEST(state->level == 100u);
  BOOST_TEST(state->gen_id == 7u);
  BOOST_TEST(state->live_allowed);
  BOOST_TEST(state->spec == R"({"page":"p"})");
  auto told = world->states.size();
  advance(10s);
  BOOST_TEST(world->states.size() >= told + 18); // each of two sinks, every second
  BOOST_TEST(world->states.back().level == 100u);
}

BOOST_AUTO_TEST_CASE(tells_how_it_is, *boost::unit_test::timeout(60)) {
  start();
  advance(5s);
  auto status = ask<actor_status>(stocker, status_query{});
  BOOST_REQUIRE(status.engaged());
  BOOST_TEST(status->problem == "");
  auto facts = boost::json::parse(status->facts).as_object();
  for (auto key : {"pool", "level", "low", "high", "reserve", "per_minute", "generation", "paused", "dead_last_100",
                   "grants_under_way", "live_waiting", "plan"})
    BOOST_TEST(facts.contains(key), key);
  auto vital = registry.snapshot().at(0);
  BOOST_TEST(vital.alive);
  BOOST_TEST(vital.mailbox == 0u);
  BOOST_TEST(vital.handled > 20u);
}

BOOST_AUTO_TEST_CASE(bad_settings_pause_and_an_operator_resumes, *boost::unit_test::timeout(60)) {
  auto good = world->fetch;
  world->fetch = [](const fetch_code& f) { return refusal_of(f.id, 40097); };
  start();
  advance(10s);
  BOOST_TEST(world->fetches == 1u);
  BOOST_REQUIRE(world->pauses.size() == 1u);
  BOOST_TEST(world->pauses[0].actor == "pool_stocker");
  BOOST_TEST(ask<actor_status>(stocker, status_query{})->problem.find("40097") != std::string::npos);
  BOOST_TEST(world->states.back().paused);
  world->fetch = good;
  auto state = ask<pool_state>(stocker, pool_command{"default", pool_verb::resume, "", "alice", 0});
  BOOST_REQUIRE(state.engaged());
  BOOST_TEST(!state->paused);
  advance(5s);
  BOOST_TEST(stocked() == 100u);
  BOOST_TEST(ask<actor_status>(stocker, status_query{})->problem == "");
}

BOOST_AUTO_TEST_CASE(a_command_for_another_pool_is_an_error, *boost::unit_test::timeout(60)) {
  start();
  auto state = ask<pool_state>(stocker, pool_command{"other", pool_verb::pause, "", "alice", 0});
  BOOST_REQUIRE(!state.engaged());
  BOOST_TEST((code_of(state.error()) == ec::not_found));
}

BOOST_AUTO_TEST_CASE(a_live_code_is_handed_over, *boost::unit_test::timeout(60)) {
  start();
  advance(5s);
  auto live = ask<live_codes>(stocker, live_request{"default", 2, 3'000});
  BOOST_REQUIRE(live.engaged());
  BOOST_TEST(live->lots.at(0).ids.size() == 2u);
  BOOST_TEST(world->closes.back().holder == "n1-abc");
}

BOOST_AUTO_TEST_CASE(a_late_live_code_is_stocked, *boost::unit_test::timeout(60)) {
  start();
  advance(5s);
  world->hold_fetches = true;
  auto promise = self->request(stocker, 10s, live_request{"default", 1, 1'000});
  run();
  BOOST_TEST(world->held.size() == 1u);
  advance(1'500ms);
  bool answered = false;
  promise.receive([](live_codes&) { BOOST_ERROR("there is no code yet"); },
                  [&](caf::error& failure) {
                    answered = true;
                    BOOST_TEST((code_of(failure) == ec::timeout));
                  });
  BOOST_TEST(answered);
  release();
  BOOST_TEST(world->closes.back().holder == "");
  BOOST_TEST(world->closes.back().stocked.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_fetcher_that_never_answers_is_not_waited_for, *boost::unit_test::timeout(60)) {
  start();
  advance(5s);
  world->hold_fetches = true;
  world->levels.levels[0].ready_codes = 84;
  advance(3s);
  BOOST_TEST(world->held.size() == 16u);
  world->hold_fetches = false;
  advance(30s); // call_timeout and grace
  for (const auto& c : world->closes) check_books(c);
  BOOST_TEST(world->closes.size() > 7u);
  uint32_t lost = 0;
  for (const auto& c : world->closes) lost += c.lost;
  BOOST_TEST(lost == 16u);
  release(); // answers that nobody waits for
  advance(5s);
  BOOST_TEST(ask<pool_state>(stocker, pool_query{})->level == 100u);
}

BOOST_AUTO_TEST_CASE(a_silent_store_stops_the_filling, *boost::unit_test::timeout(60)) {
  world->store_silent = true;
  start();
  advance(30s);
  BOOST_TEST(world->fetches == 0u);
  BOOST_TEST(ask<actor_status>(stocker, status_query{})->problem.find("store") != std::string::npos);
  world->store_silent = false;
  advance(15s);
  BOOST_TEST(stocked() == 100u);
}

BOOST_AUTO_TEST_CASE(the_limit_is_told_to_the_quota_manager, *boost::unit_test::timeout(60)) {
  world->fetch = [](const fetch_code& f) { return refusal_of(f.id, 45011); };
  start();
  advance(1s);
  BOOST_REQUIRE(!world->limits.empty());
  BOOST_TEST(world->limits[0].errcode == 45011);
}

BOOST_AUTO_TEST_CASE(a_wrong_configuration_is_named) {
  auto wrong = [](auto change, const std::string& names) {
    auto pool = small_pool();
    change(pool);
    auto failure = validate(pool);
    BOOST_TEST((code_of(failure) == ec::invalid_config));
    BOOST_TEST(render(failure).find(names) != std::string::npos, render(failure));
  };
  wrong([](auto& c) { c.low = c.high + 1; }, "stock.low");
  wrong([](auto& c) { c.reserve = c.high + 1; }, "stock.reserve");
  wrong(
      [](auto& c) {
        c.high = 0;
        c.low = c.reserve = 0;
      },
      "stock.high");
  auto links_alone = small_pool();
  links_alone.high = links_alone.low = links_alone.reserve = 0;
  links_alone.link_allowed = true;
  BOOST_TEST(!validate(links_alone));
  wrong([](auto& c) { c.gen_id = 0; }, "generation");
  wrong([](auto& c) { c.live_reserve = c.per_minute; }, "live_reserve");
  wrong([](auto& c) { c.call_timeout_ms = 0; }, "call_timeout");
  wrong([](auto& c) { c.grants_under_way_max = 0; }, "grants_under_way_max");
  wrong([](auto& c) { c.tick_ms = 5'000; }, "tick");
}

BOOST_AUTO_TEST_SUITE_END()
