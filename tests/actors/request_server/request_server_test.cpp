#include "actors/request_server/request_server.hpp"

#include "actors/binding_persister/binding_persister.hpp"
#include "runtime/keys/key_format.hpp"
#include "tests/actors/request_server/answer_text.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;
using std::chrono::milliseconds;

namespace {

answer_sink::behavior_type front_end(answer_sink::pointer, std::shared_ptr<std::vector<test::answer_text>> seen) {
  return {[=](const http_answers& x) {
            auto all = test::take_apart(x);
            seen->insert(seen->end(), all.begin(), all.end());
          },
          [](const hot_scenes&) {}, [](const scenes_changed&) {}};
}

// The real request server and persister between a front end and hooked stores.
struct server_fixture : test::det_fixture {
  using answers = std::vector<test::answer_text>;

  std::shared_ptr<test::store_writer_hooks> writer = std::make_shared<test::store_writer_hooks>();
  std::shared_ptr<test::store_reader_hooks> reader = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::image_worker_hooks> images = std::make_shared<test::image_worker_hooks>();
  std::shared_ptr<test::pool_stocker_hooks> stocker = std::make_shared<test::pool_stocker_hooks>();
  std::shared_ptr<answers> seen = std::make_shared<answers>(), seen_too = std::make_shared<answers>();
  answer_sink front = spawn(front_end, seen), other_front = spawn(front_end, seen_too);
  keys_snapshot keys;
  std::string key;
  int key_readings = 0;
  std::vector<std::vector<uint64_t>> lots_done;
  uint64_t stock = 100, next_id = 0, next_lot = 0;
  uint32_t next_number = 0;
  std::vector<codes_kill> kills;
  std::vector<uint32_t> used;
  request_server_actor server;

  server_fixture() {
    auto minted = mint_key("web");
    key = minted->text.reveal();
    api_key k;
    k.key_id = 1;
    k.name = k.owner = "web";
    k.hash = minted->hash;
    k.scopes = scope_issue;
    keys.keys.push_back(k);
    reader->keys = [this](keys_query&) {
      ++key_readings;
      return caf::expected<keys_snapshot>(keys);
    };
    writer->bind = [this](bind_group& g) { return caf::expected<bind_group_result>(bind(g)); };
    writer->kill = [this](codes_kill& x) {
      kills.push_back(x);
      return caf::expected<affected>(affected{});
    };
    writer->mark_keys_used = [this](keys_used& x) {
      used.insert(used.end(), x.key_ids.begin(), x.key_ids.end());
      return caf::expected<done>(done{});
    };
    binding_persister_config persister_cfg;
    persister_cfg.holder = "n1:1";
    auto writer_actor = spawn(test::hooked_store_writer, writer);
    auto persister = spawn(binding_persister, std::make_shared<vitals>(), persister_cfg, writer_actor);
    request_server_config server_cfg;
    server_cfg.public_url = "https://q";
    server_cfg.wall = [this] { return 1'800'000'000'000 + now_ms(); };
    server = spawn(request_server, std::make_shared<vitals>(), server_cfg, persister,
                   spawn(test::hooked_store_reader, reader), writer_actor, spawn(test::hooked_image_worker, images),
                   std::map<std::string, pool_stocker_actor>{{"default", spawn(test::hooked_pool_stocker, stocker)}});
    tell(server, state());
  }

  pool_state state() {
    pool_state s;
    s.pool = "default";
    s.gen_id = 7;
    s.level = 1'000;
    s.live_allowed = true;
    s.retry_after_s = 9;
    s.spec = R"({"hyaline":true})";
    return s;
  }
  claimed_lot lot(size_t n) {
    claimed_lot out{++next_lot, 7, {}};
    for (size_t i = 0; i < n; ++i) out.ids.push_back("code" + std::to_string(next_id++));
    return out;
  }
  bind_group_result bind(const bind_group& g) {
    bind_group_result out;
    for (const auto& r : g.binds) {
      bind_result one{r.ticket, bind_end::bound, {}, {}};
      one.code.id = r.id;
      one.code.pool = r.pool;
      one.code.state = code_state::bound;
      one.code.path = r.path;
      one.code.version = 1;
      one.code.image_format = "png";
      out.results.push_back(one);
    }
    for (const auto& c : g.claims) {
      claim_result one{c.pool, c.gen_id, {}, false};
      for (uint32_t i = 0; i < c.lots && stock > 0; ++i) {
        auto n = std::min<uint64_t>(stock, 10);
        stock -= n;
        one.lots.push_back(lot(n));
      }
      out.claims.push_back(one);
    }
    if (!g.lots_done.empty()) lots_done.push_back(g.lots_done);
    return out;
  }
  http_request post() {
    http_request r;
    r.at = {1, next_number++};
    r.method = http_method::post;
    r.target = "/v1/codes";
    r.authorization = secret("Bearer " + key);
    r.content_type = "application/json";
    r.body = R"({"path":"pages/a"})";
    r.remaining_ms = 2'000;
    return r;
  }
  void send(http_request r, bool from_other = false) {
    http_batch b;
    b.requests.push_back(std::move(r));
    caf::send_as(from_other ? other_front : front, server, std::move(b));
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(request_server_suite, server_fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(each_front_end_gets_its_own_answers) {
  send(post());
  send(post(), true);
  send(post());
  BOOST_REQUIRE_EQUAL(seen->size(), 2u);
  BOOST_REQUIRE_EQUAL(seen_too->size(), 1u);
  for (const auto& a : *seen) BOOST_TEST(a.status == 201);
  BOOST_TEST((seen_too->front().at == http_place{1, 1}));
  BOOST_TEST(seen->front().id() != seen->back().id());
}

BOOST_AUTO_TEST_CASE(the_whole_stock_is_handed_out_and_then_live_ones) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) send(post());
  for (const auto& a : *seen) ids.insert(a.id());
  BOOST_TEST(ids.size() == 100u);
  stocker->live = [&](live_request& x) {
    live_codes out{x.pool, {lot(x.count)}};
    return caf::expected<live_codes>(out);
  };
  send(post());
  BOOST_REQUIRE_EQUAL(seen->size(), 101u);
  BOOST_TEST(seen->back().json()["rung"].as_string() == "live");
  stocker->live = [&](live_request&) { return caf::expected<live_codes>(fail(ec::rate_limited, "used up", 9)); };
  send(post());
  BOOST_TEST(seen->back().code() == "out_of_stock");
  BOOST_TEST(seen->back().header("Retry-After") == "9");
  size_t ended = 0;
  for (const auto& lots : lots_done) ended += lots.size();
  BOOST_TEST(ended >= 9u);
}

BOOST_AUTO_TEST_CASE(a_stocker_that_does_not_answer_holds_a_request_until_its_deadline) {
  stock = 0;
  for (int i = 0; i < 30; ++i) send(post());
  seen->clear();
  stocker->live = [&](live_request&) { return std::nullopt; };
  send(post());
  advance(milliseconds(4'900));
  BOOST_TEST(seen->empty());
  advance(milliseconds(200));
  BOOST_REQUIRE_EQUAL(seen->size(), 1u);
  BOOST_TEST(seen->front().code() == "out_of_stock");
}

BOOST_AUTO_TEST_CASE(keys_are_read_at_start_and_again_and_an_unknown_one_at_once) {
  BOOST_TEST(key_readings == 1);
  advance(milliseconds(10'000));
  BOOST_TEST(key_readings >= 4);
  BOOST_TEST(key_readings <= 6);
  auto minted = mint_key("fresh");
  auto k = keys.keys[0];
  k.key_id = 2;
  k.hash = minted->hash;
  keys.keys.push_back(k);
  key = minted->text.reveal();
  send(post());
  advance(milliseconds(1'100));
  BOOST_REQUIRE_EQUAL(seen->size(), 1u);
  BOOST_TEST(seen->front().status == 201);
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_be_read_for_long_stop_issue) {
  reader->keys = [](keys_query&) { return caf::expected<keys_snapshot>(fail(ec::unavailable, "x")); };
  advance(milliseconds(4'000));
  send(post());
  BOOST_TEST(seen->size() == 1u);
  advance(milliseconds(4'000));
  send(post());
  BOOST_TEST(seen->size() == 1u);
  advance(milliseconds(2'100));
  BOOST_REQUIRE_EQUAL(seen->size(), 2u);
  BOOST_TEST(seen->back().status == 503);
}

BOOST_AUTO_TEST_CASE(images_are_read_and_lost_ones_killed) {
  std::string lost;
  images->get = [&](image_get& q) {
    if (lost.empty()) lost = q.id;
    return caf::expected<image_data>(q.id == lost ? image_data{} : image_data{true, {'P', 'N', 'G'}});
  };
  auto r = post();
  r.accept = "image/png";
  send(r);
  BOOST_REQUIRE_EQUAL(seen->size(), 1u);
  BOOST_TEST(seen->front().body == "PNG");
  BOOST_TEST(seen->front().header("Content-Type") == "image/png");
  BOOST_REQUIRE_EQUAL(kills.size(), 1u);
  BOOST_TEST(kills[0].ids == std::vector<std::string>{lost}, boost::test_tools::per_element());
  images->get = [](image_get&) { return std::nullopt; };
  send(r);
  advance(milliseconds(2'100));
  BOOST_REQUIRE_EQUAL(seen->size(), 2u);
  BOOST_TEST(seen->back().status == 503);
}

BOOST_AUTO_TEST_CASE(shelf_reports_and_used_keys_are_told) {
  send(post());
  advance(milliseconds(2'000));
  BOOST_TEST(stocker->reports.size() >= 2u);
  BOOST_TEST(used.empty());
  advance(std::chrono::hours(1), milliseconds(100));
  BOOST_TEST(used == std::vector<uint32_t>{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_says_how_it_is) {
  send(post());
  auto status = ask<actor_status>(server, status_query{});
  BOOST_REQUIRE(status);
  BOOST_TEST(status->problem.empty());
  auto facts = boost::json::parse(status->facts).as_object();
  BOOST_TEST(facts["bound"].as_int64() == 1);
  BOOST_TEST(facts["under_way"].as_int64() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
