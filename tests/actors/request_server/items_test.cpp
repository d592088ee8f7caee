#include "actors/request_server/request_desk.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t wall_start = 1'800'000'000'000;

struct items_fixture {
  request_server_config cfg;
  std::optional<request_desk> made;
  int64_t now = 1'000;
  keys_snapshot keys;
  uint64_t next_ticket = 100;

  items_fixture() {
    cfg.public_url = "https://q";
    cfg.on_empty["default"] = rung_live;
    api_key k;
    k.key_id = 1;
    k.name = "web";
    k.owner = "web-owner";
    k.hash = digest{1};
    k.scopes = scope_issue;
    keys.keys.push_back(k);
  }

  request_desk& d() {
    if (!made) made.emplace(cfg, std::vector<std::string>{"default"});
    return *made;
  }
  moment at() const { return {now, wall_start + now}; }
  desk_effects take() { return d().take(at()); }

  void open(size_t codes = 10) {
    BOOST_TEST(take().read_keys);
    d().keys_read(keys, at());
    pool_state state;
    state.pool = "default";
    state.gen_id = 7;
    state.level = 1'000;
    state.live_allowed = true;
    state.retry_after_s = 40;
    d().pool_changed(state, at());
    BOOST_REQUIRE(!take().claims.empty());
    std::vector<claimed_lot> lots;
    if (codes > 0) lots.push_back({1, 7, {}});
    for (size_t i = 0; i < codes; ++i) lots[0].ids.push_back("code" + std::to_string(i));
    d().claim_ended({"default", 7, lots, false}, at());
    take();
  }
  issue_item item(const std::string& path = "pages/a") {
    issue_item out;
    out.ticket = next_ticket++;
    out.key_id = 1;
    out.path = path;
    out.request_id = "rq";
    out.remaining_ms = 1'500;
    return out;
  }
  desk_effects send(std::vector<issue_item> items, uint32_t asker = 0) {
    issue_items x{std::move(items)};
    d().items(asker, x, at());
    return take();
  }
  desk_effects end(const bind_request& r, bind_end how) {
    bind_results x;
    bind_result one{r.ticket, how, {}, {}};
    one.code.id = r.id;
    one.code.state = code_state::bound;
    x.results.push_back(one);
    d().bind_ended(x, at());
    return take();
  }
  static issue_result only(const desk_effects& e, uint32_t asker = 0) {
    BOOST_REQUIRE_EQUAL(e.item_ends.size(), 1u);
    BOOST_TEST(e.item_ends[0].first == asker);
    BOOST_REQUIRE_EQUAL(e.item_ends[0].second.results.size(), 1u);
    BOOST_TEST(e.answers.empty());
    return e.item_ends[0].second.results[0];
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(items_suite, items_fixture)

BOOST_AUTO_TEST_CASE(an_item_of_a_batch_is_bound_like_a_request_and_ends_at_its_batch_server) {
  open();
  auto asked = item();
  asked.idempotency_key = "k";
  asked.body_hash = digest{5};
  auto e = send({asked}, 3);
  BOOST_REQUIRE(e.binds.requests.size() == 1u);
  const auto& b = e.binds.requests[0];
  BOOST_TEST(b.owner == "web-owner");
  BOOST_TEST(b.idempotency_key == "k");
  BOOST_TEST((b.body_hash == digest{5}));
  BOOST_TEST(b.key_id == 1u);
  BOOST_TEST(b.request_id == "rq");
  BOOST_TEST(b.remaining_ms == 1'500u);
  auto got = only(end(b, bind_end::bound), 3);
  BOOST_TEST(got.ticket == asked.ticket);
  BOOST_TEST((got.end == item_end::issued));
  BOOST_TEST(got.code.id == "code0");
  BOOST_TEST(got.rung == "stock");
  asked = item();
  e = send({asked});
  BOOST_TEST((only(end(e.binds.requests[0], bind_end::replay)).end == item_end::replayed));
  e = send({item()});
  BOOST_TEST((only(end(e.binds.requests[0], bind_end::reused)).end == item_end::reused));
  e = send({item()});
  auto refused = only(end(e.binds.requests[0], bind_end::key_reused));
  BOOST_TEST((refused.end == item_end::refused));
  BOOST_TEST((refused.problem == ec::idempotency_reuse));
}

BOOST_AUTO_TEST_CASE(an_item_is_never_made_by_a_live_fetch) {
  open(0);
  auto e = send({item()});
  BOOST_TEST(e.binds.requests.empty());
  now += 2'000;
  d().tick(at());
  auto later = take();
  BOOST_TEST(e.lives.empty());
  BOOST_TEST(later.lives.empty());
  auto& ends = e.item_ends.empty() ? later : e;
  auto got = only(ends);
  BOOST_TEST((got.end == item_end::refused));
  BOOST_TEST((got.problem == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(an_item_past_the_rate_of_its_key_comes_back_and_costs_nothing) {
  keys.keys[0].rate_per_s = 2;
  open();
  auto e = send({item(), item(), item()});
  BOOST_TEST(e.binds.requests.size() == 2u);
  auto got = only(e);
  BOOST_TEST((got.end == item_end::later));
  BOOST_TEST((got.problem == ec::rate_limited));
  BOOST_TEST(got.retry_after_ms == 1'000u);
}

BOOST_AUTO_TEST_CASE(an_item_of_a_key_that_is_not_read_yet_comes_back_and_the_keys_are_read) {
  open();
  auto asked = item();
  asked.key_id = 2;
  auto e = send({asked});
  BOOST_TEST((only(e).end == item_end::later));
  now += cfg.keys_again_ms;
  BOOST_TEST(take().read_keys);
  auto fresh = keys.keys[0];
  fresh.key_id = 2;
  keys.keys.push_back(fresh);
  d().keys_read(keys, at());
  BOOST_TEST(send({asked}).binds.requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_key_may_not_is_refused_item_by_item) {
  keys.keys[0].path_prefixes = {"pages/a"};
  open();
  BOOST_TEST((only(send({item("pages/b")})).problem == ec::forbidden));
  auto elsewhere = item();
  elsewhere.pool = "nowhere";
  BOOST_TEST((only(send({elsewhere})).problem == ec::invalid_request));
  keys.keys[0].disabled_ms = 1;
  d().keys_read(keys, at());
  take();
  BOOST_TEST((only(send({item()})).problem == ec::unauthorized));
  keys.keys[0].disabled_ms = 0;
  keys.keys[0].scopes = scope_read;
  d().keys_read(keys, at());
  take();
  BOOST_TEST((only(send({item()})).problem == ec::forbidden));
}

BOOST_AUTO_TEST_CASE(an_item_finds_no_room_where_a_request_would_find_none) {
  cfg.waiting_max = 1;
  open();
  auto e = send({item(), item()});
  BOOST_TEST(e.binds.requests.size() == 1u);
  auto got = only(e);
  BOOST_TEST((got.end == item_end::later));
  BOOST_TEST((got.problem == ec::overloaded));
}

BOOST_AUTO_TEST_SUITE_END()
