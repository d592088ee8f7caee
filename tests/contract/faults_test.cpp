#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

#include <boost/test/data/test_case.hpp>

#include <random>

using namespace qrwell;
using namespace qrwell::test;

namespace {

/// Clients, a stocker and a persister in small: they retry as the design says, over a store of which many calls fail.
struct faulty_world {
  manual_clock clock;
  faulty_home home{clock.view()};
  std::unique_ptr<code_store> store = home.open();
  rig well{*store, clock};
  std::mt19937_64 dice;
  std::map<std::string, std::string> owner_of_code, code_of_key; ///< as acknowledged to clients
  std::vector<std::string> shelf;
  std::vector<uint64_t> held;
  uint64_t keys = 0, errors = 0, in_doubt = 0;

  explicit faulty_world(uint64_t seed)
      : dice(seed) {
    well.epoch = must(store->take_lease({well.lease, well.app_id, "n1-a", {}, 10'000})).epoch;
    home.plan->by_chance(seed, {40, 40, 20, 20, 60, 60});
  }

  size_t below(size_t n) { return dice() % n; }

  /// What must end is repeated until it does.
  template <class F>
  auto insist(F call) {
    for (int i = 0; i < 1'000; ++i) {
      auto out = call();
      if (out) return must(std::move(out));
      auto code = code_of(out.error());
      BOOST_REQUIRE_MESSAGE(code == ec::store_failed || code == ec::store_busy || code == ec::disk_full ||
                                code == ec::unavailable || code == ec::outcome_unknown,
                            render(out.error()));
      ++errors;
    }
    BOOST_FAIL("a call failed a thousand times");
    return must(call());
  }

  void stock() {
    auto ids = well.fresh_ids(1 + below(16));
    grant_open open{well.lease,  well.app_id,        "n1-a", well.epoch, ++well.seq,
                    well.gen_id, quota_class::stock, ids,    10'000};
    insist([&] { return store->open_grant(open); });
    auto close = well.close_of(open, 10);
    auto lost = below(ids.size());
    for (size_t i = 0; i < lost; ++i) {
      close.stocked.pop_back();
      close.dead.push_back({ids[ids.size() - 1 - i], "wechat_-1"});
    }
    close.ledger = {{"calls", ids.size()}, {"images", ids.size() - lost}, {"error_-1", lost}};
    insist([&] { return store->close_grant(close); });
    insist([&] { return store->drop_grants({well.app_id, {{open.epoch, open.seq}}}); });
    insist([&] { return store->seal_lots({well.gen_id, 0}); });
  }

  void claim() {
    auto out = store->bind({"n1-a", {}, {{well.pool, well.gen_id, 2}}, {}});
    if (!out) {
      // Whatever was claimed without our knowing is given back with the rest.
      ++errors;
      insist([&] { return store->give_back_lots({"n1-a"}); });
      shelf.clear();
      return;
    }
    for (auto& lot : out->claims.at(0).lots) shelf.insert(shelf.end(), lot.ids.begin(), lot.ids.end());
  }

  bind_request next_request() {
    auto id = shelf.back();
    shelf.pop_back();
    auto owner = "owner-" + std::to_string(below(5));
    if (below(2)) return well.request(id, owner);
    // A new key, or one of the last: a client that asks again.
    auto key = keys == 0 || below(3) ? ++keys : keys - below(std::min<size_t>(keys, 5));
    return well.keyed(id, "key-" + std::to_string(key), 1, "shop");
  }

  void bind() {
    std::vector<bind_request> group;
    for (size_t n = 1 + below(12); n > 0 && !shelf.empty(); --n) group.push_back(next_request());
    auto out = store->bind({"n1-a", group, {}, {}});
    if (!out) {
      ++errors;
      if (code_of(out.error()) == ec::outcome_unknown) {
        ++in_doubt;
        acknowledge(group, insist([&] { return store->resolve({group}); }));
      } else {
        for (auto& r : group) shelf.push_back(r.id);
      }
      return;
    }
    acknowledge(group, *out);
  }

  void acknowledge(const std::vector<bind_request>& group, const bind_group_result& out) {
    BOOST_REQUIRE(out.results.size() == group.size());
    for (size_t i = 0; i < group.size(); ++i) {
      auto& r = out.results[i];
      auto& asked = group[i];
      if (r.end == bind_end::bound) {
        auto [at, fresh] = owner_of_code.emplace(r.code.id, asked.owner);
        BOOST_TEST(fresh, r.code.id << " was handed out twice");
        BOOST_TEST(r.code.id == asked.id);
      }
      if (r.end == bind_end::replay || r.end == bind_end::failed) shelf.push_back(asked.id);
      if (!asked.idempotency_key.empty() && (r.end == bind_end::bound || r.end == bind_end::replay)) {
        auto [at, fresh] = code_of_key.emplace(asked.idempotency_key, r.code.id);
        BOOST_TEST(at->second == r.code.id, "key " << asked.idempotency_key << " got two codes");
      }
    }
  }

  /// The process dies, and its successor begins.
  void die() {
    insist([&] { return store->begin_incarnation("n1", "n1-a", {}); });
    shelf.clear();
  }

  void check_what_was_acknowledged() {
    for (auto& [id, owner] : owner_of_code) {
      auto code = must(store->find_code({id})).code;
      BOOST_TEST((code.state == code_state::bound), id << " was acknowledged and is not bound");
      BOOST_TEST(code.owner == owner);
    }
    well.verify_clean(1'000'000);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(faults_contract)

BOOST_DATA_TEST_CASE(retries_over_a_failing_store_keep_every_promise, boost::unit_test::data::xrange(1, 13), seed) {
  faulty_world world{static_cast<uint64_t>(seed)};
  for (int step = 0; step < 300; ++step) {
    world.clock.pass(static_cast<int64_t>(world.below(200)));
    auto drawn = world.below(10);
    if (drawn < 3)
      world.stock();
    else if (drawn < 5 || world.shelf.empty())
      world.claim();
    else
      world.bind();
    if (world.below(60) == 0) world.die();
  }
  world.home.plan->clear();
  BOOST_TEST(world.errors > 20u, "faults happened");
  BOOST_TEST(world.in_doubt > 2u, "outcomes were unknown");
  BOOST_TEST(world.owner_of_code.size() > 100u, "codes were bound");
  world.check_what_was_acknowledged();
}

BOOST_AUTO_TEST_CASE(a_scripted_fault_hits_the_call_it_names) {
  contract<faulty_home> c;
  auto ids = c.well.stock(3);
  c.home.plan->script("bind", fault::failed);
  c.home.plan->script("bind", fault::unknown_not_done);
  c.home.plan->script("bind", fault::unknown_done);
  auto request = c.well.request(ids[0]);
  auto bind = [&] { return refused(c.store->bind({"n1-a", std::vector{request}, {}, {}})); };
  auto state = [&] { return must(c.store->find_code({ids[0]})).code.state; };
  BOOST_TEST((bind() == ec::store_failed));
  BOOST_TEST((state() == code_state::stocked));
  BOOST_TEST((bind() == ec::outcome_unknown));
  BOOST_TEST((state() == code_state::stocked));
  BOOST_TEST((bind() == ec::outcome_unknown));
  BOOST_TEST((state() == code_state::bound));
  BOOST_TEST((must(c.store->resolve({{request}})).results.at(0).end == bind_end::bound));
  BOOST_TEST(c.home.plan->injected(fault::unknown_done) == 1u);
}

BOOST_AUTO_TEST_CASE(each_fault_has_its_own_error) {
  contract<faulty_home> c;
  std::pair<fault, ec> kinds[] = {{fault::failed, ec::store_failed},
                                  {fault::busy, ec::store_busy},
                                  {fault::disk_full, ec::disk_full},
                                  {fault::away, ec::unavailable}};
  for (auto [what, code] : kinds) {
    c.home.plan->script("", what);
    BOOST_TEST((refused(c.store->ensure_app("homes", "wx0123456789abcdef")) == code));
  }
  // A reader has no commit.
  c.home.plan->script("find_code", fault::unknown_done);
  BOOST_TEST((refused(c.store->find_code({"x"})) == ec::store_failed));
  // A refusal by rule is told as such.
  c.home.plan->script("ensure_app", fault::unknown_done);
  BOOST_TEST((refused(c.store->ensure_app("homes", "other appid")) == ec::conflict));
}

BOOST_AUTO_TEST_CASE(slowness_is_waited_through_the_given_sleeper) {
  manual_clock clock;
  sqlite_home home{clock.view()};
  auto plan = std::make_shared<fault_plan>();
  uint32_t slept = 0;
  auto store = make_faulty(home.open(), plan, [&](uint32_t ms) { slept += ms; });
  plan->slow_by(25);
  must(store->pools());
  must(store->pools());
  BOOST_TEST(slept == 50u);
  plan->clear();
  must(store->pools());
  BOOST_TEST(slept == 50u);
  BOOST_TEST(plan->calls() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
