// From the request to the row and back, on a real SQLite file whose calls fail: the promises P1 (one owner), P2
// (acknowledged is durable) and P5 (a retry gets the same code), for some seeds. A failure names its seed.

#include "actors/binding_persister/binding_persister.hpp"
#include "actors/request_server/request_server.hpp"
#include "actors/store_worker/store_reader.hpp"
#include "actors/store_worker/store_writer.hpp"
#include "runtime/keys/key_format.hpp"
#include "tests/actors/request_server/answer_text.hpp"
#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

#include <random>

using namespace qrwell;
using namespace qrwell::test;
using std::chrono::milliseconds;

namespace {

answer_sink::behavior_type front_end(answer_sink::pointer, std::shared_ptr<std::vector<answer_text>> seen) {
  return {[=](const http_answers& x) {
            auto all = take_apart(x);
            seen->insert(seen->end(), all.begin(), all.end());
          },
          [](const hot_scenes&) {}, [](const scenes_changed&) {}};
}

store_worker_config named(const char* name) {
  store_worker_config out;
  out.name = name;
  return out;
}

/// One thing a client wants: sent until it is answered with a code, as a client with a good library does.
struct wish {
  std::string key; ///< empty: without Idempotency-Key, and sent once
  std::string path;
  std::set<std::string> codes; ///< ids of its 2xx answers
  std::vector<int> statuses;
};

struct world : det_fixture {
  manual_clock clock;
  sqlite_home home{clock.view()};
  std::shared_ptr<fault_plan> plan = std::make_shared<fault_plan>();
  std::unique_ptr<code_store> owned_store = make_faulty(home.open(), plan);
  code_store& store = *owned_store;
  rig well{store, clock};
  std::shared_ptr<std::vector<answer_text>> seen = std::make_shared<std::vector<answer_text>>();
  answer_sink front = spawn(front_end, seen);
  request_server_actor server;
  std::string key;
  std::vector<wish> wishes;
  std::map<uint32_t, size_t> wish_of; ///< by request number
  uint32_t next_number = 0;
  std::mt19937_64 dice;

  explicit world(uint64_t seed, size_t codes)
      : dice(seed) {
    well.stock(codes, 50);
    auto minted = mint_key("web");
    key = minted->text.reveal();
    api_key k;
    k.name = k.owner = "web";
    k.hash = minted->hash;
    k.scopes = scope_issue;
    must(store.add_key({k, "test"}));
    binding_persister_config persister_cfg;
    persister_cfg.holder = "n1-a";
    request_server_config server_cfg;
    server_cfg.public_url = "https://q";
    server_cfg.wall = clock.view().wall_ms;
    auto writer = spawn(store_writer, std::make_shared<vitals>(), named("writer"), std::move(owned_store));
    auto reader = spawn(store_reader, std::make_shared<vitals>(), named("reader"), home.open(true));
    auto persister = spawn(binding_persister, std::make_shared<vitals>(), persister_cfg, writer);
    auto stocker = spawn(hooked_pool_stocker, std::make_shared<pool_stocker_hooks>());
    server = spawn(request_server, std::make_shared<vitals>(), server_cfg, persister, reader, writer,
                   spawn(hooked_image_worker, std::make_shared<image_worker_hooks>()),
                   std::map<std::string, pool_stocker_actor>{{"default", stocker}});
    pool_state state;
    state.pool = "default";
    state.gen_id = well.gen_id;
    state.level = 1'000'000;
    tell(server, state);
    advance(milliseconds(200));
  }

  http_request request_for(size_t w, const std::string& path) {
    http_request r;
    r.at = {1, next_number++};
    wish_of[r.at.number] = w;
    r.method = http_method::post;
    r.target = "/v1/codes";
    r.authorization = secret("Bearer " + key);
    r.content_type = "application/json";
    r.idempotency_key = wishes[w].key;
    r.idempotency_key_sent = !r.idempotency_key.empty();
    r.body = R"({"path":")" + path + R"(","tags":["t"]})";
    r.remaining_ms = 2'000;
    return r;
  }

  void collect() {
    for (const auto& a : *seen) {
      auto& w = wishes[wish_of.at(a.at.number)];
      w.statuses.push_back(a.status);
      BOOST_TEST((a.status == 200 || a.status == 201 || a.status == 422 || a.status == 503), a.status << a.body);
      if (a.status == 200 || a.status == 201) {
        w.codes.insert(a.id());
        BOOST_TEST(std::string(a.json().at("path").as_string()) == w.path);
      }
    }
    seen->clear();
  }

  void send(http_batch batch) {
    caf::send_as(front, server, std::move(batch));
    if (dice() % 3 > 0) run();
  }

  /// As if the power failed now: what a fresh process finds on the disk must hold all that was acknowledged.
  void check_durable() {
    sqlite_home copy{clock.view()};
    for (const auto* end : {"", "-wal"})
      if (std::filesystem::exists(home.file + end)) std::filesystem::copy_file(home.file + end, copy.file + end);
    auto found = copy.open();
    for (const auto& w : wishes)
      for (const auto& id : w.codes) {
        auto code = must(found->find_code({id}));
        BOOST_TEST(code.found);
        BOOST_TEST((code.code.state == code_state::bound));
        BOOST_TEST(code.code.path == w.path);
      }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(issue_simulation, *boost::unit_test::timeout(250))

BOOST_AUTO_TEST_CASE(one_owner_durable_and_the_same_again_under_faults) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      world w(seed, 1'600);
      w.plan->by_chance(seed, {30, 30, 5, 20, 80, 80});
      std::vector<size_t> open;
      size_t made = 0;
      int rounds = 0;
      while ((made < 1'000 || !open.empty()) && ++rounds < 3'000) {
        http_batch batch;
        for (auto n = w.dice() % 8; n > 0 && made < 1'000; --n, ++made) {
          auto number = std::to_string(made);
          w.wishes.push_back({made % 5 == 0 ? "" : "key-" + number, "pages/p" + number, {}, {}});
          batch.requests.push_back(w.request_for(made, w.wishes.back().path));
          if (w.wishes.back().key.empty()) continue;
          open.push_back(made);
          // A client that sends twice at once, and one that uses its key for something else.
          if (w.dice() % 4 == 0) batch.requests.push_back(w.request_for(made, w.wishes.back().path));
          if (w.dice() % 10 == 0) batch.requests.push_back(w.request_for(made, w.wishes.back().path));
        }
        // Who has no code yet asks again now and then, and some who have one.
        for (auto i : open)
          if (w.dice() % 8 == 0) batch.requests.push_back(w.request_for(i, w.wishes[i].path));
        w.send(std::move(batch));
        w.advance(milliseconds(w.dice() % 60));
        w.collect();
        std::erase_if(open, [&](size_t i) { return !w.wishes[i].codes.empty() && w.dice() % 4 == 0; });
        if (w.dice() % 80 == 0) w.check_durable();
      }
      w.plan->clear();
      w.advance(milliseconds(10'000));
      w.collect();
      BOOST_TEST(open.empty());
      w.check_durable();

      std::map<std::string, size_t> owner;
      size_t sent = w.wish_of.size(), answered = 0;
      for (size_t i = 0; i < w.wishes.size(); ++i) {
        auto& x = w.wishes[i];
        answered += x.statuses.size();
        BOOST_TEST(x.codes.size() <= 1u, "P5: " << x.key << " got " << x.codes.size() << " codes");
        if (!x.key.empty()) BOOST_TEST(x.codes.size() == 1u);
        for (const auto& id : x.codes) BOOST_TEST(owner.emplace(id, i).second, "P1: code " << id << " has two owners");
      }
      BOOST_TEST(answered == sent); // each request once
      BOOST_TEST(w.plan->injected(fault::unknown_done) > 5u);
      BOOST_TEST(w.plan->injected(fault::unknown_not_done) > 5u);
      w.well.verify_clean();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_key_with_another_body_is_422_also_in_the_same_batch) {
  world w(7, 200);
  w.wishes.push_back({"same", "pages/a", {}, {}});
  http_batch batch;
  batch.requests.push_back(w.request_for(0, "pages/a"));
  batch.requests.push_back(w.request_for(0, "pages/b"));
  batch.requests.push_back(w.request_for(0, "pages/a"));
  w.send(std::move(batch));
  w.advance(milliseconds(100));
  w.collect();
  BOOST_TEST(w.wishes[0].statuses == (std::vector<int>{201, 422, 200}), boost::test_tools::per_element());
  BOOST_TEST(w.wishes[0].codes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(codes_that_somebody_else_took_are_passed_over) {
  world w(8, 200);
  // The shelf holds the first lot; another node's bind takes some codes of it.
  auto ids = must(w.store.levels({"default"}));
  BOOST_TEST(ids.levels.size() == 1u);
  std::vector<bind_request> stolen;
  for (uint64_t i = 1; i <= 3; ++i) stolen.push_back(w.well.request(fmt::format("a{:019}", i), "thief"));
  auto taken = w.well.bind(stolen);
  for (const auto& t : taken) BOOST_TEST((t.end == bind_end::bound));
  for (size_t i = 0; i < 60; ++i) {
    w.wishes.push_back({"", "pages/p" + std::to_string(i), {}, {}});
    http_batch batch;
    batch.requests.push_back(w.request_for(i, w.wishes[i].path));
    w.send(std::move(batch));
  }
  w.advance(milliseconds(500));
  w.collect();
  std::set<std::string> owned;
  for (const auto& x : w.wishes) {
    BOOST_TEST(x.codes.size() == 1u);
    for (const auto& id : x.codes) BOOST_TEST(owned.insert(id).second);
  }
  for (const auto& t : taken) BOOST_TEST(!owned.contains(t.code.id));
  w.well.verify_clean();
}

BOOST_AUTO_TEST_SUITE_END()
