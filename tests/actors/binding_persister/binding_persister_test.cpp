#include "actors/binding_persister/binding_persister.hpp"

#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_store_writer.hpp"

using namespace qrwell;
using std::chrono::milliseconds;

namespace {

struct client_record {
  std::vector<bind_result> results;
  std::vector<claim_result> claims;
  std::vector<std::string> order;
};

bind_client::behavior_type client(bind_client::pointer, std::shared_ptr<client_record> seen) {
  return {[=](const bind_results& x) {
            seen->order.push_back("results");
            seen->results.insert(seen->results.end(), x.results.begin(), x.results.end());
          },
          [=](const claim_result& x) { seen->claims.push_back(x); }};
}

struct persister_fixture : test::det_fixture {
  std::shared_ptr<test::store_writer_hooks> store = std::make_shared<test::store_writer_hooks>();
  std::shared_ptr<client_record> a = std::make_shared<client_record>(), b = std::make_shared<client_record>();
  std::vector<bind_group> groups;
  size_t resolves = 0;
  std::vector<std::pair<double, size_t>> commits;
  bind_client first = spawn(client, a), second = spawn(client, b);
  binding_persister_actor persister;

  persister_fixture() {
    store->bind = [this](bind_group& g) {
      groups.push_back(g);
      return all_bound(g.binds, g.claims);
    };
    binding_persister_config settings;
    settings.holder = "n1:1";
    settings.on_commit = [this](double seconds, size_t bindings) { commits.emplace_back(seconds, bindings); };
    persister = spawn(binding_persister, std::make_shared<vitals>(), settings, spawn(test::hooked_store_writer, store));
  }
  static std::optional<caf::expected<bind_group_result>> all_bound(std::span<const bind_request> binds,
                                                                   const std::vector<claim_request>& claims) {
    bind_group_result out;
    for (const auto& r : binds) out.results.push_back({r.ticket, bind_end::bound, {}, {}});
    for (const auto& c : claims) out.claims.push_back({c.pool, c.gen_id, {}, false});
    return out;
  }
  static bind_batch batch(uint64_t from, uint64_t to, uint32_t remaining_ms = 2'000) {
    bind_batch out;
    for (auto t = from; t < to; ++t) {
      bind_request r;
      r.ticket = t;
      r.id = "id" + std::to_string(t);
      r.remaining_ms = remaining_ms;
      out.requests.push_back(r);
    }
    return out;
  }
  template <class T>
  void from(const bind_client& who, T x) {
    caf::send_as(who, persister, std::move(x));
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(binding_persister_suite, persister_fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(each_client_gets_its_own_ends) {
  from(first, batch(1, 4));
  from(second, batch(1, 3));
  from(second, claim_request{"p", 7, 1});
  BOOST_TEST(a->results.size() == 3u);
  BOOST_TEST(b->results.size() == 2u);
  BOOST_TEST(a->claims.empty());
  BOOST_TEST(b->claims.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_comes_while_a_group_is_at_the_store_is_one_group) {
  caf::send_as(first, persister, batch(1, 2));
  for (uint64_t i = 2; i < 100; ++i) caf::send_as(first, persister, batch(i, i + 1));
  run();
  BOOST_TEST(a->results.size() == 99u);
  BOOST_TEST(groups.size() < 20u);
}

BOOST_AUTO_TEST_CASE(every_commit_is_measured_and_no_other_end) {
  from(first, claim_request{"p", 7, 1});
  BOOST_TEST(commits.empty());
  from(first, batch(1, 4));
  BOOST_REQUIRE_EQUAL(commits.size(), 1u);
  BOOST_TEST(commits[0].second == 3u);
  store->bind = [](bind_group&) -> std::optional<caf::expected<bind_group_result>> {
    return caf::expected<bind_group_result>(fail(ec::disk_full, "no room"));
  };
  from(first, batch(4, 6));
  BOOST_TEST(commits.size() == 1u);
}

BOOST_AUTO_TEST_CASE(limits_reach_the_groups_while_it_runs) {
  from(first, bind_limits{4, 2, 3'000});
  from(first, batch(1, 10));
  BOOST_REQUIRE(!groups.empty());
  BOOST_TEST(groups[0].binds.size() == 2u);
  BOOST_TEST(a->results.size() == 9u);
  BOOST_TEST(std::count_if(a->results.begin(), a->results.end(),
                           [](const auto& r) { return r.end == bind_end::failed; }) == 5);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_is_asked_what_happened) {
  store->bind = [&](bind_group&) { return std::nullopt; };
  store->resolve = [&](bind_resolve& x) {
    ++resolves;
    return all_bound(x.attempts, {});
  };
  from(first, batch(1, 3, 10'000));
  advance(milliseconds(2'900));
  BOOST_TEST(resolves == 0u);
  advance(milliseconds(200));
  BOOST_TEST(resolves == 1u);
  BOOST_REQUIRE_EQUAL(a->results.size(), 2u);
  BOOST_TEST((a->results[0].end == bind_end::bound));
}

BOOST_AUTO_TEST_CASE(a_store_that_died_with_the_group_is_asked_too) {
  store->bind = [&](bind_group&) -> std::optional<caf::expected<bind_group_result>> {
    return caf::expected<bind_group_result>(caf::make_error(caf::sec::request_receiver_down));
  };
  store->resolve = [&](bind_resolve& x) {
    ++resolves;
    return all_bound(x.attempts, {});
  };
  from(first, batch(1, 2));
  BOOST_TEST(resolves == 1u);
  BOOST_REQUIRE_EQUAL(a->results.size(), 1u);
  BOOST_TEST((a->results[0].end == bind_end::bound));
}

BOOST_AUTO_TEST_CASE(past_the_deadline_the_client_hears_that_nobody_knows) {
  store->bind = [&](bind_group&) { return std::nullopt; };
  store->resolve = [&](bind_resolve&) -> std::optional<caf::expected<bind_group_result>> {
    ++resolves;
    return caf::expected<bind_group_result>(fail(ec::unavailable, "away"));
  };
  from(first, batch(1, 2, 4'000));
  advance(milliseconds(3'950));
  BOOST_TEST(a->results.empty());
  advance(milliseconds(200));
  BOOST_REQUIRE_EQUAL(a->results.size(), 1u);
  BOOST_TEST((a->results[0].end == bind_end::quarantined));
  auto before = resolves;
  advance(milliseconds(20'000));
  BOOST_TEST(resolves > before + 5);
  BOOST_TEST(resolves < before + 15); // 2 s apart
  BOOST_TEST(a->results.size() == 1u);
}

BOOST_AUTO_TEST_CASE(late_ones_are_told_though_the_store_hangs) {
  store->bind = [&](bind_group&) { return std::nullopt; };
  from(first, batch(1, 2));
  from(first, batch(2, 3, 500));
  advance(milliseconds(600));
  BOOST_REQUIRE_EQUAL(a->results.size(), 1u);
  BOOST_TEST(a->results[0].ticket == 2u);
  BOOST_TEST((a->results[0].end == bind_end::late));
}

BOOST_AUTO_TEST_CASE(it_says_how_it_is) {
  auto status = ask<actor_status>(persister, status_query{});
  BOOST_REQUIRE(status);
  BOOST_TEST(status->problem.empty());
  store->bind = [&](bind_group&) -> std::optional<caf::expected<bind_group_result>> {
    return caf::expected<bind_group_result>(fail(ec::disk_full, "no room"));
  };
  from(first, batch(1, 2));
  BOOST_TEST(ask<actor_status>(persister, status_query{})->problem.find("no room") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
