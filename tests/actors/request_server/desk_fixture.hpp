#pragma once

#include "actors/request_server/request_desk.hpp"
#include "runtime/keys/key_format.hpp"
#include "tests/actors/request_server/answer_text.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qrwell::test {

constexpr int64_t wall_start = 1'800'000'000'000;

/// A request desk with its two pools, one key and a clock that stands still: whoever it asks is played by the test.
struct desk_fixture {
  request_server_config cfg;
  std::optional<request_desk> made;
  int64_t now = 1'000;
  keys_snapshot keys;
  std::string key;
  pool_state state;
  uint32_t next_number = 0;
  uint64_t next_id = 0, next_lot = 0;
  std::vector<desk_effects> log;

  desk_fixture() {
    cfg.public_url = "https://qr.example.com";
    key = add_key("web").first;
    state.pool = "default";
    state.gen_id = 7;
    state.level = 100'000;
    state.retry_after_s = 40;
    state.spec = R"({"app":"homes","hyaline":false,"page":"pages/qr/index"})";
  }

  std::pair<std::string, api_key&> add_key(const std::string& name) {
    auto minted = mint_key(name);
    api_key k;
    k.key_id = static_cast<uint32_t>(keys.keys.size() + 1);
    k.name = name;
    k.owner = name + "-owner";
    k.hash = minted->hash;
    k.scopes = scope_issue;
    keys.keys.push_back(k);
    return {minted->text.reveal(), keys.keys.back()};
  }

  request_desk& d() {
    if (!made) made.emplace(cfg, std::vector<std::string>{"default", "other"});
    return *made;
  }
  moment at() const { return {now, wall_start + now}; }
  desk_effects take() { return d().take(at()); }

  /// Keys read, pool known, `codes` on the shelf.
  void open(size_t codes = 100) {
    BOOST_TEST(take().read_keys);
    d().keys_read(keys, at());
    d().pool_changed(state, at());
    feed(codes);
  }
  /// The store has nothing of what was asked for.
  desk_effects found_none(const desk_effects& e) {
    bind_group_result got;
    for (const auto& asked : e.recall.requests) got.results.push_back({asked.ticket, bind_end::lost_race, {}, {}});
    d().recalled(got, at());
    return take();
  }
  void feed(size_t codes) {
    if (!claimed) claimed = !take().claims.empty();
    BOOST_REQUIRE(claimed);
    claimed = false;
    std::vector<claimed_lot> lots;
    if (codes > 0) lots.push_back(lot(codes));
    d().claim_ended({"default", 7, lots, false}, at());
  }
  claimed_lot lot(size_t codes) {
    claimed_lot out{++next_lot, 7, {}};
    for (size_t i = 0; i < codes; ++i) out.ids.push_back("code" + std::to_string(next_id++));
    return out;
  }
  bool claimed = false;

  http_request post(const std::string& body = R"({"path":"pages/a"})") {
    http_request r;
    r.at = {5, next_number++};
    r.method = http_method::post;
    r.target = "/v1/codes";
    r.authorization = secret("Bearer " + key);
    r.content_type = "application/json";
    r.request_id = "rq" + std::to_string(r.at.number);
    r.body = body;
    r.remaining_ms = 2'000;
    return r;
  }
  desk_effects send(http_request r, uint32_t sink = 0) {
    http_batch b;
    b.requests.push_back(std::move(r));
    d().requests(sink, b, at());
    auto e = take();
    claimed = claimed || !e.claims.empty();
    return e;
  }
  desk_effects tick() {
    d().tick(at());
    auto e = take();
    claimed = claimed || !e.claims.empty();
    return e;
  }
  desk_effects end(const bind_request& r, bind_end how, std::string detail = {}) {
    bind_results x;
    bind_result one{r.ticket, how, {}, std::move(detail)};
    one.code = view(r);
    if (how == bind_end::lost_race) one.request = {r};
    x.results.push_back(one);
    d().bind_ended(x, at());
    auto e = take();
    claimed = claimed || !e.claims.empty();
    return e;
  }
  static code_view view(const bind_request& r) {
    code_view c;
    c.id = r.id;
    c.pool = r.pool;
    c.state = code_state::bound;
    c.version = 1;
    c.path = r.path;
    c.query = r.query;
    c.tags = r.tags;
    c.bound_ms = wall_start;
    c.image_format = "jpeg";
    return c;
  }
  static answer_text only(const desk_effects& e) {
    BOOST_REQUIRE_EQUAL(e.answers.size(), 1u);
    auto all = take_apart(e.answers[0].second);
    BOOST_REQUIRE_EQUAL(all.size(), 1u);
    return all.front();
  }
  static bind_request bind_of(const desk_effects& e) {
    BOOST_REQUIRE_EQUAL(e.binds.requests.size(), 1u);
    BOOST_TEST(e.answers.empty());
    return e.binds.requests.front();
  }
  answer_text refused(http_request r, int status, const std::string& code) {
    auto e = send(std::move(r));
    auto a = only(e);
    BOOST_TEST(a.status == status);
    BOOST_TEST(a.code() == code);
    BOOST_TEST(e.binds.requests.empty());
    return a;
  }
};

} // namespace qrwell::test
