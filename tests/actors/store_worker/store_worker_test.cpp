#include "actors/store_worker/store_reader.hpp"
#include "actors/store_worker/store_writer.hpp"
#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/heard_log.hpp"

using namespace qrwell;
using namespace qrwell::test;

namespace {

/// A writer over a store that can fail, and a reader beside it.
struct workers : det_fixture {
  vitals_registry registry;
  manual_clock clock;
  faulty_home home{clock.view()};
  std::unique_ptr<code_store> preparing = home.open();
  rig well{*preparing, clock};
  std::vector<std::string> ids = well.stock(20, 10);
  store_writer_actor writer;
  store_reader_actor reader;
  std::vector<std::string> fatal;

  workers() {
    store_worker_config settings;
    settings.name = "writer";
    settings.on_fatal = [this](const caf::error& e) { fatal.push_back(render(e)); };
    settings.limits = {{"homes", 5'000}};
    writer = spawn(store_writer, registry.enroll("store_writer", "writer"), settings, home.open());
    settings.name = "reader";
    reader = spawn(store_reader, registry.enroll("store_reader", "reader"), settings, home.open(true));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_worker_suite, workers)

BOOST_AUTO_TEST_CASE(what_the_writer_bound_the_reader_finds) {
  auto bound = ask<bind_group_result>(
      writer, bind_group{"n1-a", std::vector{well.keyed(ids[0], "k")}, {{"default", well.gen_id, 1}}, {}});
  BOOST_REQUIRE(bound);
  BOOST_TEST((bound->results.at(0).end == bind_end::bound));
  BOOST_TEST(bound->claims.at(0).lots.size() == 1u);
  auto scenes = ask<scene_answer>(reader, scene_query{{ids[0]}});
  BOOST_TEST((scenes->scenes.at(0).state == code_state::bound));
  BOOST_TEST(ask<code_record>(reader, code_query{ids[0]})->code.owner == "shop");
  BOOST_TEST(ask<stock_levels>(reader, levels_query{"default"})->levels.size() == 1u);
  BOOST_TEST(ask<keys_snapshot>(reader, keys_query{})->keys.empty());
  auto report = ask<verify_report>(reader, verify_query{});
  BOOST_REQUIRE(report);
  for (auto& f : report->findings) BOOST_TEST(f.ok, f.detail);
}

BOOST_AUTO_TEST_CASE(every_writing_call_reaches_the_store) {
  auto epoch = well.epoch;
  BOOST_TEST(
      (ask<bind_group_result>(writer, bind_resolve{{well.request(ids[0])}})->results.at(0).end == bind_end::failed));
  BOOST_TEST(ask<affected>(writer, codes_kill{{ids[1]}, "image_lost"})->count == 1u);
  BOOST_TEST(ask<pool_row>(writer, pool_pause{"default", true, "why", "ann"})->paused);
  api_key key;
  key.name = "k";
  BOOST_TEST(ask<api_key>(writer, key_add{key, "ann"})->key_id == 1u);
  BOOST_TEST(ask<api_key>(writer, key_revoke{"k", "ann"})->disabled_ms == clock.wall);
  BOOST_TEST(ask<lease_view>(writer, lease_renew{well.lease, well.app_id, "n1-a", epoch, 10'000})->epoch == epoch);
  grant_open open{well.lease,         well.app_id,       "n1-a", epoch, 100, well.gen_id,
                  quota_class::stock, well.fresh_ids(2), 10'000};
  BOOST_TEST(ask<done>(writer, open).engaged());
  BOOST_TEST(ask<grant_found>(writer, grant_find{well.app_id, epoch, 100})->present);
  BOOST_TEST(ask<grant_closed>(writer, well.close_of(open))->was_open);
  BOOST_TEST(ask<done>(writer, grants_drop{well.app_id, {{epoch, 100}}}).engaged());
  BOOST_TEST(ask<affected>(writer, lots_seal{well.gen_id, 0})->count == 1u);
  BOOST_TEST(ask<affected>(writer, lots_give_back{"n1-a"})->count == 0u);
  BOOST_TEST((code_of(ask<affected>(writer, age_out{well.gen_id, 1}).error()) == ec::conflict));
  BOOST_TEST(ask<done>(writer, scans_seen{{{ids[0], 0, 1}}}).engaged());
  BOOST_TEST(ask<done>(writer, keys_used{{1}}).engaged());
  BOOST_TEST(ask<affected>(writer, store_purge{10})->count == 0u);
  BOOST_TEST(ask<lease_view>(writer, lease_take{well.lease, well.app_id, "n1-a", {}, 10'000})->epoch == epoch + 1);
}

BOOST_AUTO_TEST_CASE(binds_overtake_what_waits_in_lower_lanes) {
  std::vector<std::string> order;
  auto ordered = [&order]<class R>(const char* what, R*) {
    return [&order, what](const R&) { order.push_back(what); };
  };
  sys.spawn([&, this](caf::event_based_actor* me) {
    auto wait = std::chrono::seconds(10);
    auto failed = [](const caf::error& e) { BOOST_ERROR(render(e)); };
    affected* a = nullptr;
    me->request(writer, wait, store_purge{10}).then(ordered("bulk", a), failed);
    me->request(writer, wait, scans_seen{}).then(ordered("counts", static_cast<done*>(nullptr)), failed);
    me->request(writer, wait, lots_seal{well.gen_id, 0}).then(ordered("stock", a), failed);
    me->request(writer, wait, codes_kill{}).then(ordered("change", a), failed);
    me->request(writer, wait, bind_group{"n1-a", std::vector{well.request(ids[0])}, {}, {}})
        .then(ordered("bind", static_cast<bind_group_result*>(nullptr)), failed);
  });
  run();
  BOOST_TEST(order == (std::vector<std::string>{"bind", "change", "stock", "counts", "bulk"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_of_the_store_reach_the_one_who_asked) {
  auto faulty = std::make_shared<fault_plan>();
  faulty->script("bind", fault::unknown_done);
  store_worker_config settings;
  settings.name = "second";
  auto failing =
      spawn(store_writer, registry.enroll("store_writer", "second"), settings, make_faulty(home.open(), faulty));
  auto request = well.request(ids[0]);
  auto out = ask<bind_group_result>(failing, bind_group{"n1-a", std::vector{request}, {}, {}});
  BOOST_TEST((code_of(out.error()) == ec::outcome_unknown));
  BOOST_TEST(!ask<actor_status>(failing, status_query{})->problem.empty());
  BOOST_TEST((ask<bind_group_result>(failing, bind_resolve{{request}})->results.at(0).end == bind_end::bound));
  BOOST_TEST(ask<actor_status>(failing, status_query{})->problem == "");
  BOOST_TEST(fatal.empty());
}

BOOST_AUTO_TEST_CASE(faults_are_told_once_per_kind_and_ten_seconds) {
  heard_log heard;
  auto faulty = std::make_shared<fault_plan>();
  for (int i = 0; i < 4; ++i) faulty->script("bind", fault::unknown_done);
  store_worker_config settings;
  settings.name = "second";
  auto failing =
      spawn(store_writer, registry.enroll("store_writer", "second"), settings, make_faulty(home.open(), faulty));
  for (int i = 0; i < 3; ++i)
    ask<bind_group_result>(failing, bind_group{"n1-a", std::vector{well.request(ids[0])}, {}, {}});
  advance(std::chrono::seconds(10));
  ask<bind_group_result>(failing, bind_group{"n1-a", std::vector{well.request(ids[0])}, {}, {}});
  // What a client did wrong is no fault of the store.
  BOOST_TEST(!ask<pool_row>(writer, pool_pause{"nowhere", true, "why", "ann"}));
  auto lines = heard.lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 2u);
  for (const auto& line : lines) {
    BOOST_TEST(line.at("msg").as_string() == "store error");
    BOOST_TEST(line.at("actor").as_string() == "store_writer");
    BOOST_TEST(line.at("worker").as_string() == "second");
    BOOST_TEST(line.at("job").as_string() == "bind_group");
    BOOST_TEST(line.at("kind").as_string() == "outcome_unknown");
  }
  BOOST_TEST(lines[0].at("lines_held_back").as_int64() == 0);
  BOOST_TEST(lines[1].at("lines_held_back").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(a_job_of_more_than_a_second_is_told) {
  heard_log heard;
  log::limiter faults, slow;
  const log::voice who("store_writer");
  lane_desk::report report{"bind_group", std::chrono::milliseconds(999), {}};
  write_down(report, who, "writer", faults, slow, 0);
  report.took = std::chrono::milliseconds(1'500);
  write_down(report, who, "writer", faults, slow, 0);
  write_down(report, who, "writer", faults, slow, 1);
  auto lines = heard.lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 1u);
  BOOST_TEST(lines[0].at("msg").as_string() == "slow job");
  BOOST_TEST(lines[0].at("took_ms").to_number<double>() == 1'500.0);
}

BOOST_AUTO_TEST_SUITE_END()
