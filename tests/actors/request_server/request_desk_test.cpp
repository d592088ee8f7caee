#include "actors/request_server/request_desk.hpp"

#include "runtime/keys/key_format.hpp"
#include "tests/actors/request_server/answer_text.hpp"

#include <random>

using namespace qrwell;
using test::answer_text;

namespace {

constexpr int64_t wall_start = 1'800'000'000'000;

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
    auto all = test::take_apart(e.answers[0].second);
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

} // namespace

BOOST_FIXTURE_TEST_SUITE(request_desk_suite, desk_fixture)

// -- the straight way
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_code_is_bound_and_shown) {
  open();
  auto r = post(R"({"path":"pages/a","query":{"id":5},"tags":["x"],"expires_in":60})");
  r.idempotency_key = "k1";
  r.idempotency_key_sent = true;
  auto b = bind_of(send(r));
  BOOST_TEST(b.id == "code0");
  BOOST_TEST(b.lot_no == 1u);
  BOOST_TEST(b.gen_id == 7u);
  BOOST_TEST(b.pool == "default");
  BOOST_TEST(b.owner == "web-owner");
  BOOST_TEST(b.actor == "key:web");
  BOOST_TEST(b.key_id == 1u);
  BOOST_TEST(b.query == R"({"id":5})");
  BOOST_TEST(b.tags == R"(["x"])");
  BOOST_TEST(b.expires_after_s == 60u);
  BOOST_TEST(b.idempotency_key == "k1");
  BOOST_TEST((b.body_hash != digest{}));
  BOOST_TEST(b.request_id == "rq0");
  BOOST_TEST(b.remaining_ms == 2'000u);
  auto a = only(end(b, bind_end::bound));
  BOOST_TEST(a.status == 201);
  BOOST_TEST((a.at == http_place{5, 0}));
  BOOST_TEST(a.header("Location") == "/v1/codes/code0");
  BOOST_TEST(a.header("ETag") == "\"1\"");
  BOOST_TEST(a.header("X-Request-Id") == "rq0");
  BOOST_TEST(a.header("RateLimit-Limit") == "");
  BOOST_TEST(a.header("Idempotency-Replayed") == "");
  BOOST_TEST(a.id() == "code0");
  BOOST_TEST(a.json()["rung"].as_string() == "stock");
  BOOST_TEST(a.json()["path"].as_string() == "pages/a");
}

BOOST_AUTO_TEST_CASE(a_batch_is_one_message_to_the_persister_and_each_sink_gets_its_answers) {
  open();
  http_batch one, two;
  for (int i = 0; i < 20; ++i) (i < 15 ? one : two).requests.push_back(post());
  d().requests(0, one, at());
  d().requests(1, two, at());
  auto e = take();
  BOOST_TEST(e.binds.requests.size() == 20u);
  std::set<std::string> ids;
  std::set<nonce> marks;
  bind_results results;
  for (const auto& b : e.binds.requests) {
    ids.insert(b.id);
    marks.insert(b.mark);
    results.results.push_back({b.ticket, bind_end::bound, view(b), {}});
  }
  BOOST_TEST(ids.size() == 20u);
  BOOST_TEST(marks.size() == 20u);
  d().bind_ended(results, at());
  e = take();
  BOOST_REQUIRE_EQUAL(e.answers.size(), 2u);
  BOOST_TEST(e.answers[0].first == 0u);
  BOOST_TEST(e.answers[0].second.answers.size() == 15u);
  BOOST_TEST(e.answers[1].second.answers.size() == 5u);
}

// -- admission
// ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_no_request_for_a_code_is_refused) {
  open();
  auto r = post();
  r.target = "/v1/codesx";
  refused(r, 404, "not_found");
  r = post();
  r.method = http_method::get;
  auto a = refused(r, 405, "method_not_allowed");
  BOOST_TEST(a.header("Allow") == "POST");
  r = post();
  r.content_type = "text/plain";
  refused(r, 415, "unsupported_media_type");
  BOOST_TEST(refused(post(R"({"path":"a","x":1})"), 400, "invalid_request").detail().starts_with("'x'"));
  BOOST_TEST(refused(post(R"({"path":"a","pool":"nowhere"})"), 400, "invalid_request").detail().starts_with("pool:"));
  r = post();
  r.target = "/v1/codes?x=1";
  bind_of(send(r));
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_that_guards_nothing_is_refused) {
  open();
  for (const auto& sent : {std::string(), std::string("a b"), std::string(129, 'x'), std::string("\xe9"),
                           std::string("\xc3\xa9"), std::string("a\x7f"), std::string("a\tb")}) {
    auto r = post();
    r.idempotency_key = sent;
    r.idempotency_key_sent = true;
    auto a = refused(r, 400, "invalid_request");
    BOOST_TEST(a.detail().starts_with("Idempotency-Key: has "), a.detail());
    BOOST_TEST(a.detail().find("1 to 128 visible ASCII characters") != std::string::npos, a.detail());
  }
  BOOST_TEST(bind_of(send(post())).idempotency_key == ""); // none is none
}

BOOST_AUTO_TEST_CASE(on_empty_may_name_only_what_the_pool_has) {
  cfg.on_empty["default"] = rung_live;
  open();
  auto a = refused(post(R"({"path":"a","on_empty":["link"]})"), 400, "invalid_request");
  BOOST_TEST(a.detail().starts_with("on_empty: \"link\" is not in the list of pool 'default', which is [\"live\"]"));
  bind_of(send(post(R"({"path":"a","on_empty":["live"]})")));
  bind_of(send(post(R"({"path":"a","on_empty":[]})")));
  a = refused(post(R"({"path":"a","pool":"other","on_empty":["live"]})"), 400, "invalid_request");
  BOOST_TEST(a.detail().starts_with("on_empty: \"live\" is not in the list of pool 'other', which is []"));
}

BOOST_AUTO_TEST_CASE(keys_decide_who_may_what) {
  auto reader = add_key("reader");
  reader.second.scopes = scope_read | scope_admin;
  auto reader_key = reader.first;
  auto narrow = add_key("narrow");
  narrow.second.pools = {"default"};
  narrow.second.path_prefixes = {"pages/a"};
  auto narrow_key = narrow.first;
  auto gone = add_key("gone");
  gone.second.disabled_ms = 1;
  auto gone_key = gone.first;
  open();
  auto r = post();
  r.authorization = secret("");
  auto a = refused(r, 401, "unauthorized");
  BOOST_TEST(a.header("WWW-Authenticate") == "Bearer");
  r.authorization = secret("Bearer " + reader_key);
  BOOST_TEST(refused(r, 403, "forbidden").detail().find("issue") != std::string::npos);
  r.authorization = secret("Bearer " + gone_key);
  refused(r, 401, "unauthorized");
  key = narrow_key;
  bind_of(send(post()));
  refused(post(R"({"path":"pages/b"})"), 403, "forbidden");
  refused(post(R"({"path":"pages/a","pool":"other"})"), 403, "forbidden");
}

BOOST_AUTO_TEST_CASE(past_its_rate_a_key_hears_429_with_numbers) {
  add_key("slow").second.rate_per_s = 2;
  open();
  keys.keys.pop_back();
  auto slow = add_key("slow2");
  slow.second.rate_per_s = 2;
  key = slow.first;
  now += cfg.keys_refresh_ms;
  tick();
  d().keys_read(keys, at());
  auto b = bind_of(send(post()));
  auto a = only(end(b, bind_end::bound));
  BOOST_TEST(a.header("RateLimit-Limit") == "2");
  BOOST_TEST(a.header("RateLimit-Remaining") == "1");
  BOOST_TEST(a.header("RateLimit-Reset") == "1");
  bind_of(send(post()));
  a = refused(post(), 429, "rate_limited");
  BOOST_TEST(a.header("Retry-After") == "1");
  BOOST_TEST(a.header("RateLimit-Remaining") == "0");
  now += 500;
  bind_of(send(post()));
}

BOOST_AUTO_TEST_CASE(an_unknown_key_waits_for_one_more_reading) {
  open();
  auto fresh = add_key("fresh").first;
  now += 100;
  auto r = post();
  r.authorization = secret("Bearer " + fresh);
  auto e = send(r);
  BOOST_TEST(e.answers.empty());
  BOOST_TEST(!e.read_keys); // not twice within a second
  now += 900;
  BOOST_TEST(tick().read_keys);
  d().keys_read(keys, at());
  bind_of(take());
}

BOOST_AUTO_TEST_CASE(a_key_that_is_still_unknown_then_is_refused) {
  open();
  now += 1'500;
  auto r = post();
  r.authorization = secret("Bearer " + mint_key("stranger")->text.reveal());
  BOOST_TEST(send(r).read_keys);
  d().keys_read(keys, at());
  BOOST_TEST(only(take()).status == 401);
}

BOOST_AUTO_TEST_CASE(a_reading_that_began_before_the_request_does_not_decide_on_it) {
  open();
  now += cfg.keys_refresh_ms;
  BOOST_TEST(tick().read_keys);
  now += 10;
  auto fresh = add_key("fresh").first;
  auto old_keys = keys;
  old_keys.keys.pop_back();
  auto r = post();
  r.authorization = secret("Bearer " + fresh);
  BOOST_TEST(send(r).answers.empty());
  d().keys_read(old_keys, at());
  BOOST_TEST(take().answers.empty());
  now += 1'000;
  BOOST_TEST(tick().read_keys);
  d().keys_read(keys, at());
  bind_of(take());
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_keys_are_bounded) {
  cfg.keys_waiting_max = 2;
  open();
  auto r = post();
  now += 1;
  r.authorization = secret("Bearer " + mint_key("stranger")->text.reveal());
  BOOST_TEST(send(r).answers.empty());
  BOOST_TEST(send(r).answers.empty());
  BOOST_TEST(only(send(r)).status == 401);
  bind_of(send(post())); // who is known does not wait behind them
  now += 2'000;
  auto e = tick();
  BOOST_REQUIRE_EQUAL(e.answers.size(), 1u);
  auto all = test::take_apart(e.answers[0].second);
  BOOST_REQUIRE_EQUAL(all.size(), 2u);
  for (const auto& a : all) BOOST_TEST(a.status == 503); // nobody said that the key is unknown
}

BOOST_AUTO_TEST_CASE(keys_that_are_too_old_are_not_believed) {
  open();
  now += cfg.keys_refresh_ms;
  BOOST_TEST(tick().read_keys);
  d().keys_failed(at());
  now += 100;
  BOOST_TEST(!tick().read_keys);
  now += 150;
  BOOST_TEST(tick().read_keys);
  bind_of(send(post())); // not that old yet
  now += 3'000;
  BOOST_TEST(send(post()).answers.empty());
  d().keys_read(keys, at());
  // As old as the question, which is too old by now: read again.
  BOOST_TEST(!take().binds.requests.empty());
}

BOOST_AUTO_TEST_CASE(used_keys_are_told_once_an_hour) {
  open();
  tick();
  bind_of(send(post()));
  now += cfg.keys_used_flush_ms - 1;
  BOOST_TEST(tick().used.key_ids.empty());
  now += 1;
  BOOST_TEST(tick().used.key_ids == std::vector<uint32_t>{1}, boost::test_tools::per_element());
  now += cfg.keys_used_flush_ms;
  BOOST_TEST(tick().used.key_ids.empty());
}

BOOST_AUTO_TEST_CASE(past_its_limit_the_desk_is_overloaded_at_once) {
  cfg.waiting_max = 3;
  open();
  std::vector<bind_request> binds;
  for (int i = 0; i < 3; ++i) binds.push_back(bind_of(send(post())));
  auto a = refused(post(), 503, "overloaded");
  BOOST_TEST(a.header("Retry-After") == "1");
  end(binds[0], bind_end::bound);
  bind_of(send(post()));
}

// -- ends of a bind
// ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_replay_is_200_and_its_offered_code_is_free_again) {
  open();
  auto r = post();
  r.idempotency_key = "k";
  r.idempotency_key_sent = true;
  auto b = bind_of(send(r));
  bind_results x;
  auto old = view(b);
  old.id = "older";
  old.version = 3;
  old.state = code_state::revoked;
  x.results.push_back({b.ticket, bind_end::replay, old, {}});
  d().bind_ended(x, at());
  auto a = only(take());
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Idempotency-Replayed") == "true");
  BOOST_TEST(a.header("ETag") == "\"3\"");
  BOOST_TEST(a.id() == "older");
  BOOST_TEST(a.json()["state"].as_string() == "revoked");
  BOOST_TEST(!a.json().contains("rung"));
  BOOST_TEST(bind_of(send(post())).id == b.id);
}

BOOST_AUTO_TEST_CASE(each_other_end_has_its_answer_and_what_is_free_is_offered_again) {
  struct row {
    bind_end how;
    int status;
    std::string code;
    bool free;
  };
  for (const auto& expect :
       {row{bind_end::key_reused, 422, "idempotency_reuse", true}, row{bind_end::late, 503, "timeout", true},
        row{bind_end::failed, 503, "unavailable", true}, row{bind_end::quarantined, 503, "outcome_unknown", false}}) {
    made.reset();
    open();
    auto b = bind_of(send(post()));
    auto a = only(end(b, expect.how, "no room on /data"));
    BOOST_TEST(a.status == expect.status);
    BOOST_TEST(a.code() == expect.code);
    // Files and statements are the operator's business.
    BOOST_TEST(a.detail().find("/data") == std::string::npos);
    BOOST_TEST((bind_of(send(post())).id == b.id) == expect.free);
  }
}

BOOST_AUTO_TEST_CASE(a_request_that_would_reuse_asks_first_and_needs_no_code_then) {
  open(0);
  auto e = send(post(R"({"path":"pages/a","reuse":true})"));
  BOOST_TEST(e.answers.empty());
  BOOST_REQUIRE_EQUAL(e.recall.requests.size(), 1u);
  const auto& asked = e.recall.requests.front();
  BOOST_TEST(asked.owner == "web-owner");
  BOOST_TEST(asked.pool == "default");
  BOOST_TEST((asked.reuse_hash != digest{}));
  auto old = view(asked);
  old.id = "older";
  bind_group_result got{{{asked.ticket, bind_end::reused, old, {}}}, {}};
  d().recalled(got, at());
  auto a = only(take());
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Qrwell-Reused") == "true");
  BOOST_TEST(a.header("Idempotency-Replayed").empty());
  BOOST_TEST(a.id() == "older");
}

BOOST_AUTO_TEST_CASE(of_many_that_would_reuse_the_same_target_one_takes_a_code_and_the_others_wait_for_it) {
  open();
  auto first = found_none(send(post(R"({"path":"pages/a","reuse":true})")));
  BOOST_REQUIRE_EQUAL(first.binds.requests.size(), 1u);
  auto second = found_none(send(post(R"({"path":"pages/a","reuse":true})")));
  BOOST_TEST(second.binds.requests.empty(), "it would take a code only to give it back");
  BOOST_TEST(second.answers.empty());
  BOOST_REQUIRE_EQUAL(found_none(send(post(R"({"path":"pages/b","reuse":true})"))).binds.requests.size(), 1u);
  auto b = first.binds.requests.front();
  auto e = end(b, bind_end::bound);
  BOOST_TEST(only(e).status == 201);
  BOOST_REQUIRE_EQUAL(e.recall.requests.size(), 1u);
  auto found = view(e.recall.requests.front());
  bind_group_result got{{{e.recall.requests.front().ticket, bind_end::reused, found, {}}}, {}};
  d().recalled(got, at());
  BOOST_TEST(only(take()).status == 200);
}

BOOST_AUTO_TEST_CASE(whoever_waited_for_one_that_got_no_code_looks_for_one) {
  open();
  auto first = found_none(send(post(R"({"path":"pages/a","reuse":true})")));
  BOOST_TEST(found_none(send(post(R"({"path":"pages/a","reuse":true})"))).binds.requests.empty());
  auto e = end(first.binds.requests.front(), bind_end::late);
  BOOST_TEST(only(e).status == 503);
  BOOST_TEST(found_none(e).binds.requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(p5_a_keyed_request_that_would_reuse_gets_its_code_from_the_bind_which_knows_its_key) {
  open();
  auto keyed = post(R"({"path":"pages/a","reuse":true})");
  keyed.idempotency_key = "k1";
  keyed.idempotency_key_sent = true;
  auto ask = [&] {
    auto e = send(keyed);
    BOOST_REQUIRE_EQUAL(e.recall.requests.size(), 1u);
    bind_group_result got{{{e.recall.requests[0].ticket, bind_end::reused, view(e.recall.requests[0]), {}}}, {}};
    d().recalled(got, at());
    auto then = take();
    BOOST_TEST(then.answers.empty());
    return bind_of(then);
  };
  auto b = ask();
  BOOST_TEST(b.id.empty());
  BOOST_TEST(b.idempotency_key == "k1");
  BOOST_TEST((b.reuse_hash != digest{} && b.body_hash != digest{}));
  auto a = only(end(b, bind_end::reused));
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Qrwell-Reused") == "true");
  BOOST_TEST(only(end(ask(), bind_end::key_reused)).status == 422);
  BOOST_TEST(only(end(ask(), bind_end::quarantined)).status == 503);
  // What could be reused is gone: it goes on like any other.
  b = ask();
  auto e = end(b, bind_end::lost_race);
  BOOST_TEST(e.answers.empty());
  b = bind_of(std::move(e));
  BOOST_TEST(!b.id.empty());
  BOOST_TEST(only(end(b, bind_end::bound)).status == 201);
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_at_once_though_no_keys_were_read) {
  for (const auto* what : {"", "Bearer short", "Basic eA=="}) {
    auto r = post();
    r.authorization = secret(what);
    BOOST_TEST(only(send(r)).status == 401);
  }
  BOOST_TEST(send(post()).answers.empty(), "this one may be good");
}

BOOST_AUTO_TEST_CASE(a_replay_of_a_code_of_a_pool_that_the_key_may_not_use_is_422) {
  open();
  auto minted = add_key("limited");
  minted.second.owner = "web-owner";
  minted.second.pools = {"default"};
  d().keys_read(keys, at());
  auto ask = [&](const std::string& with) {
    auto r = post();
    r.authorization = secret("Bearer " + with);
    r.idempotency_key = "k1";
    r.idempotency_key_sent = true;
    auto b = bind_of(send(r));
    bind_results x;
    auto& one = x.results.emplace_back();
    one.ticket = b.ticket;
    one.end = bind_end::replay;
    one.code = view(b);
    one.code.pool = "second";
    d().bind_ended(x, at());
    return only(take());
  };
  BOOST_TEST(ask(key).status == 200, "the key may use both");
  auto refused = ask(minted.first);
  BOOST_TEST(refused.status == 422);
  BOOST_TEST(refused.code() == "idempotency_reuse");
}

BOOST_AUTO_TEST_CASE(a_request_that_finds_nothing_to_reuse_gets_a_code_and_the_bind_has_the_last_word) {
  open();
  auto asked = send(post(R"({"path":"pages/a","reuse":true})")).recall;
  BOOST_REQUIRE_EQUAL(asked.requests.size(), 1u);
  bind_group_result nothing{{{asked.requests.front().ticket, bind_end::failed, {}, {}}}, {}};
  d().recalled(nothing, at());
  auto b = bind_of(take());
  BOOST_TEST((b.reuse_hash == asked.requests.front().reuse_hash));
  auto a = only(end(b, bind_end::reused));
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Qrwell-Reused") == "true");
  BOOST_TEST(bind_of(send(post())).id == b.id, "the offered code is free again");
  // A store that does not answer the question will answer the bind.
  asked = send(post(R"({"path":"pages/b","reuse":true})")).recall;
  d().not_recalled(asked, at());
  bind_of(take());
}

BOOST_AUTO_TEST_CASE(a_retry_gets_its_code_though_the_stock_is_empty) {
  open(0);
  auto keyed = post();
  keyed.idempotency_key = "k1";
  keyed.idempotency_key_sent = true;
  auto first = send(keyed);
  if (claimed) feed(0);
  auto e = take();
  auto asked = first.recall.requests.empty() ? e.recall : first.recall;
  BOOST_REQUIRE_EQUAL(asked.requests.size(), 1u);
  BOOST_TEST(asked.requests.front().idempotency_key == "k1");
  auto old = view(asked.requests.front());
  old.id = "older";
  bind_group_result got{{{asked.requests.front().ticket, bind_end::replay, old, {}}}, {}};
  d().recalled(got, at());
  auto a = only(take());
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Idempotency-Replayed") == "true");
  BOOST_TEST(a.id() == "older");
}

BOOST_AUTO_TEST_CASE(a_first_request_with_an_empty_stock_hears_so_after_the_store_was_asked) {
  for (auto known : {true, false}) {
    made.reset();
    claimed = false;
    open(0);
    auto keyed = post();
    keyed.idempotency_key = "k1";
    keyed.idempotency_key_sent = true;
    auto first = send(keyed);
    if (claimed) feed(0);
    auto e = take();
    auto asked = first.recall.requests.empty() ? e.recall : first.recall;
    BOOST_REQUIRE_EQUAL(asked.requests.size(), 1u);
    if (known) {
      bind_group_result nothing{{{asked.requests.front().ticket, bind_end::failed, {}, {}}}, {}};
      d().recalled(nothing, at());
    } else {
      d().not_recalled(asked, at());
    }
    auto a = only(take());
    BOOST_TEST(a.status == 503);
    BOOST_TEST(a.code() == "out_of_stock");
    BOOST_TEST(a.header("Retry-After") == "40");
  }
}

BOOST_AUTO_TEST_CASE(p5_a_retry_gets_its_code_though_its_pool_has_lost_the_rung_that_it_named) {
  open();
  auto keyed = post(R"({"path":"pages/a","on_empty":["link"]})");
  BOOST_TEST(only(send(keyed)).status == 400);
  keyed.idempotency_key = "k1";
  keyed.idempotency_key_sent = true;
  for (auto known : {true, false}) {
    auto e = send(keyed);
    BOOST_TEST(e.answers.empty());
    BOOST_REQUIRE_EQUAL(e.recall.requests.size(), 1u);
    const auto& asked = e.recall.requests.front();
    bind_group_result got{{{asked.ticket, known ? bind_end::replay : bind_end::failed, view(asked), {}}}, {}};
    d().recalled(got, at());
    auto a = only(take());
    BOOST_TEST(a.status == (known ? 200 : 400));
    BOOST_TEST((known || a.detail().find("on_empty") != std::string::npos));
  }
}

BOOST_AUTO_TEST_CASE(a_key_past_its_daily_budget_hears_when_the_next_day_begins) {
  open();
  auto b = bind_of(send(post()));
  auto a = only(end(b, bind_end::over_budget));
  BOOST_TEST(a.status == 429);
  BOOST_TEST(a.code() == "rate_limited");
  auto day = 86'400 - (wall_start + now) / 1'000 % 86'400;
  BOOST_TEST(a.header("Retry-After") == std::to_string(day));
  BOOST_TEST(a.detail().find("daily budget") != std::string::npos);
  BOOST_TEST(bind_of(send(post())).id == b.id, "the offered code is free again");
}

BOOST_AUTO_TEST_CASE(a_lost_race_takes_the_next_code_three_times) {
  open();
  auto b = bind_of(send(post()));
  std::set<std::string> tried{b.id};
  std::set<nonce> marks{b.mark};
  for (int i = 0; i < 3; ++i) {
    now += 10;
    auto next = bind_of(end(b, bind_end::lost_race));
    BOOST_TEST(next.ticket == b.ticket);
    BOOST_TEST(next.path == b.path);
    BOOST_TEST(next.remaining_ms == 2'000u - 10u * static_cast<uint32_t>(i + 1));
    tried.insert(next.id);
    marks.insert(next.mark);
    b = next;
  }
  BOOST_TEST(tried.size() == 4u);
  BOOST_TEST(marks.size() == 4u);
  auto a = only(end(b, bind_end::lost_race));
  BOOST_TEST(a.status == 503);
  BOOST_TEST(a.code() == "unavailable");
}

BOOST_AUTO_TEST_CASE(what_lost_its_race_is_asked_again_with_all_that_was_asked) {
  open();
  auto r = post(R"({"path":"pages/a","query":{"id":5},"tags":["x"],"expires_in":60})");
  r.idempotency_key = "k1";
  r.idempotency_key_sent = true;
  auto b = bind_of(send(r));
  auto next = bind_of(end(b, bind_end::lost_race));
  BOOST_TEST(next.id != b.id);
  b.id = next.id;
  b.mark = next.mark;
  BOOST_TEST((next == b));
  auto a = only(end(next, bind_end::bound));
  BOOST_TEST(a.header("X-Request-Id") == r.request_id);
  BOOST_TEST(a.json()["rung"].as_string() == "stock");
}

BOOST_AUTO_TEST_CASE(a_lost_race_that_brings_nothing_back_binds_nothing) {
  open();
  auto b = bind_of(send(post()));
  bind_results x;
  x.results.push_back({b.ticket, bind_end::lost_race, {}, {}});
  d().bind_ended(x, at());
  auto e = take();
  BOOST_TEST(e.binds.requests.empty());
  BOOST_TEST(only(e).status == 500);
}

BOOST_AUTO_TEST_CASE(a_result_that_nobody_waits_for_changes_nothing) {
  open();
  auto b = bind_of(send(post()));
  end(b, bind_end::bound);
  BOOST_TEST(end(b, bind_end::bound).answers.empty());
  auto next = bind_of(send(post())); // the same slot, another ticket
  BOOST_TEST(end(b, bind_end::late).answers.empty());
  BOOST_TEST(only(end(next, bind_end::bound)).id() == next.id);
}

BOOST_AUTO_TEST_CASE(a_bind_without_an_end_is_answered_as_unknown_and_its_code_never_offered_again) {
  open(2);
  auto b = bind_of(send(post()));
  now += 2'000 + cfg.answer_grace_ms - 1;
  BOOST_TEST(tick().answers.empty());
  now += 1;
  auto a = only(tick());
  BOOST_TEST(a.code() == "outcome_unknown");
  d().keys_read(keys, at());
  BOOST_TEST(bind_of(send(post())).id != b.id);
}

BOOST_AUTO_TEST_CASE(lots_whose_codes_are_all_resolved_are_told) {
  open(2);
  auto a = bind_of(send(post())), b = bind_of(send(post()));
  BOOST_TEST(end(a, bind_end::bound).done_lots.lots.empty());
  BOOST_TEST(end(b, bind_end::bound).done_lots.lots == std::vector<uint64_t>{1}, boost::test_tools::per_element());
}

// -- the ladder
// --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(with_an_empty_shelf_a_lot_is_waited_for) {
  open(0);
  now += 100;
  auto e = send(post());
  BOOST_TEST(e.answers.empty());
  feed(5);
  auto b = bind_of(take());
  BOOST_TEST(only(end(b, bind_end::bound)).json()["rung"].as_string() == "lot");
}

BOOST_AUTO_TEST_CASE(with_no_lot_a_live_fetch_within_its_own_deadline) {
  state.live_allowed = true;
  open(0);
  now += 100;
  send(post());
  feed(0);
  auto e = take();
  BOOST_REQUIRE_EQUAL(e.lives.size(), 1u);
  BOOST_TEST((e.lives[0].request == live_request{"default", 1, 4'800}));
  now += 3'000;
  BOOST_TEST(tick().answers.empty());
  d().live_ended("default", e.lives[0].order, live_codes{"default", {lot(1)}}, at());
  auto b = bind_of(take());
  BOOST_TEST(b.remaining_ms == 2'000u);
  auto a = only(end(b, bind_end::bound));
  BOOST_TEST(a.json()["rung"].as_string() == "live");
}

BOOST_AUTO_TEST_CASE(a_request_may_forbid_live) {
  state.live_allowed = true;
  open(0);
  auto a = only(send(post(R"({"path":"a","on_empty":[]})")));
  BOOST_TEST(a.code() == "out_of_stock");
  BOOST_TEST(a.header("Retry-After") == "40");
}

BOOST_AUTO_TEST_CASE(before_the_pool_is_known_it_is_unavailable) {
  BOOST_TEST(take().read_keys);
  d().keys_read(keys, at());
  refused(post(), 503, "unavailable");
}

BOOST_AUTO_TEST_CASE(the_shelf_is_reported_every_second) {
  open(10);
  auto e = tick();
  BOOST_REQUIRE_EQUAL(e.reports.size(), 2u);
  BOOST_TEST(e.reports[0].pool == "default");
  BOOST_TEST(e.reports[0].codes == 10u);
  bind_of(send(post()));
  now += 999;
  BOOST_TEST(tick().reports.empty());
  now += 1;
  e = tick();
  BOOST_TEST(e.reports[0].codes == 9u);
  BOOST_TEST(e.reports[0].issued == 1u);
  now += 1'000;
  BOOST_TEST(tick().reports[0].issued == 0u);
}

// -- images
// ------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_image_is_read_before_the_commit) {
  open();
  auto r = post();
  r.accept = "image/*";
  auto e = send(r);
  BOOST_TEST(e.binds.requests.empty());
  BOOST_REQUIRE_EQUAL(e.images.size(), 1u);
  BOOST_TEST((e.images[0].second == image_get{"code0", "jpeg"}));
  d().image_ended(e.images[0].first, image_data{true, {0xff, 0xd8, 0x00, 0x0a}}, at());
  auto b = bind_of(take());
  auto a = only(end(b, bind_end::bound));
  BOOST_TEST(a.status == 201);
  BOOST_TEST(a.header("Content-Type") == "image/jpeg");
  BOOST_TEST(a.header("Qrwell-Code-Id") == "code0");
  BOOST_TEST(a.body == std::string("\xff\xd8\x00\x0a", 4));
}

BOOST_AUTO_TEST_CASE(a_code_without_its_image_is_killed_and_the_next_taken) {
  open();
  auto r = post();
  r.accept = "image/jpeg";
  auto e = send(r);
  d().image_ended(e.images[0].first, image_data{}, at());
  e = take();
  BOOST_TEST(e.kills.ids == std::vector<std::string>{"code0"}, boost::test_tools::per_element());
  BOOST_TEST(e.kills.reason == "image_lost");
  BOOST_REQUIRE_EQUAL(e.images.size(), 1u);
  BOOST_TEST(e.images[0].second.id == "code1");
}

BOOST_AUTO_TEST_CASE(codes_whose_images_are_missing_are_not_called_taken) {
  open();
  auto r = post();
  r.accept = "image/*";
  auto e = send(r);
  for (uint32_t i = 0; i < cfg.races_max; ++i) {
    d().image_ended(e.images.at(0).first, image_data{}, at());
    e = take();
  }
  d().image_ended(e.images.at(0).first, image_data{}, at());
  auto a = only(take());
  BOOST_TEST(a.code() == "unavailable");
  BOOST_TEST(a.body.find("images of 4 codes in a row are missing") != std::string::npos, a.body);
  BOOST_TEST(a.body.find("taken") == std::string::npos, a.body);
  // One that was taken among them.
  e = send(r);
  d().image_ended(e.images.at(0).first, image_data{true, {1}}, at());
  e = end(bind_of(take()), bind_end::lost_race);
  for (int i = 0; i < 3; ++i) {
    d().image_ended(e.images.at(0).first, image_data{}, at());
    e = take();
  }
  a = only(e);
  BOOST_TEST(a.body.find("1 were taken, the images of 3 are missing") != std::string::npos, a.body);
  tick();
  BOOST_TEST(d().status().problem.find("images of 7 codes in stock were not found") != std::string::npos);
  now += 600'001;
  tick();
  BOOST_TEST(d().status().problem.find("images") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_image_store_that_fails_binds_nothing) {
  open();
  auto r = post();
  r.accept = "image/*";
  auto e = send(r);
  d().image_ended(e.images[0].first, fail(ec::unavailable, "x"), at());
  BOOST_TEST(only(take()).status == 503);
  BOOST_TEST(bind_of(send(post())).id == "code0");
  e = send(r);
  now += 2'000;
  BOOST_TEST(only(tick()).code() == "timeout");
  d().image_ended(e.images[0].first, image_data{true, {1}}, at());
  BOOST_TEST(take().binds.requests.empty());
}

BOOST_AUTO_TEST_CASE(a_transparent_pool_gives_png_and_no_jpeg) {
  state.spec = R"({"hyaline":true})";
  open();
  auto r = post();
  r.accept = "image/jpeg";
  refused(r, 406, "not_acceptable");
  r.accept = "image/png";
  BOOST_TEST((send(r).images.at(0).second == image_get{"code0", "png"}));
}

BOOST_AUTO_TEST_CASE(a_replay_with_its_image) {
  open();
  auto r = post();
  r.accept = "image/*";
  r.idempotency_key = "k";
  r.idempotency_key_sent = true;
  auto e = send(r);
  d().image_ended(e.images[0].first, image_data{true, {1}}, at());
  auto b = bind_of(take());
  bind_results x;
  auto old = view(b);
  old.id = "older";
  x.results.push_back({b.ticket, bind_end::replay, old, {}});
  d().bind_ended(x, at());
  e = take();
  BOOST_REQUIRE_EQUAL(e.images.size(), 1u);
  BOOST_TEST((e.images[0].second == image_get{"older", "jpeg"}));
  d().image_ended(e.images[0].first, image_data{true, {2}}, at());
  auto a = only(take());
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Qrwell-Code-Id") == "older");
  BOOST_TEST(a.body == "\x02");
}

BOOST_AUTO_TEST_CASE(images_under_way_are_bounded) {
  cfg.images_max = 1;
  open();
  auto r = post();
  r.accept = "image/*";
  send(r);
  refused(r, 503, "overloaded");
  bind_of(send(post()));
}

// -- all together
// ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_request_is_answered_once_whatever_the_ends) {
  std::mt19937 dice{42};
  state.live_allowed = true;
  open(50);
  std::map<uint32_t, int> answered;
  std::vector<bind_request> open_binds;
  std::vector<live_order> lives;
  bool claim_open = false;
  auto look = [&](desk_effects e) {
    for (auto& [sink, answers] : e.answers)
      for (const auto& a : answers.answers) ++answered[a.at.number];
    for (auto& b : e.binds.requests) open_binds.push_back(b);
    for (auto& l : e.lives) lives.push_back(l);
    claim_open = claim_open || !e.claims.empty();
    if (e.read_keys) d().keys_read(keys, at());
  };
  for (int step = 0; step < 3'000; ++step) {
    now += static_cast<int64_t>(dice() % 40);
    if (step < 2'500) {
      auto r = post();
      r.remaining_ms = dice() % 2'000 + 1;
      look(send(r));
    }
    if (!open_binds.empty() && dice() % 4 > 0) {
      auto i = dice() % open_binds.size();
      auto b = open_binds[i];
      open_binds.erase(open_binds.begin() + static_cast<ptrdiff_t>(i));
      look(end(b, static_cast<bind_end>(dice() % 7)));
    }
    if (claim_open && dice() % 3 == 0) {
      claim_open = false;
      claim_result c{"default", 7, {}, dice() % 4 == 0};
      if (!c.failed && dice() % 2 == 0) c.lots.push_back(lot(dice() % 20));
      d().claim_ended(c, at());
    }
    if (!lives.empty() && dice() % 5 == 0) {
      if (dice() % 2 == 0)
        d().live_ended("default", lives.front().order, live_codes{"default", {lot(1)}}, at());
      else
        d().live_ended("default", lives.front().order, fail(ec::rate_limited, "x"), at());
      lives.erase(lives.begin());
    }
    look(tick());
  }
  now += 20'000;
  look(tick());
  look(tick());
  BOOST_TEST(answered.size() == 2'500u);
  for (const auto& [number, times] : answered) BOOST_REQUIRE_EQUAL(times, 1);
}

BOOST_AUTO_TEST_CASE(a_settings_mistake_is_named) {
  BOOST_TEST(!validate(cfg));
  auto bad = cfg;
  bad.public_url = "https://qr.example.com/";
  BOOST_TEST(render(validate(bad)).find("public_url") != std::string::npos);
  bad = cfg;
  bad.keys_refresh_ms = bad.keys_age_max_ms;
  BOOST_TEST(!!validate(bad));
  bad = cfg;
  bad.live_deadline_ms = 1;
  BOOST_TEST(!!validate(bad));
}

// -- limits, counts and what is told
// -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(codes_are_counted_by_pool_and_rung) {
  open();
  end(bind_of(send(post())), bind_end::bound);
  end(bind_of(send(post())), bind_end::bound);
  end(bind_of(send(post())), bind_end::failed);
  auto facts = boost::json::parse(d().status().facts);
  BOOST_TEST(facts.at("issued").at("default").at("stock").as_int64() == 2);
  BOOST_TEST(facts.at("issued").at("default").at("live").as_int64() == 0);
  BOOST_TEST(facts.at("issued").at("other").at("stock").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(limits_change_between_requests_and_nobody_is_dropped) {
  open();
  auto before = bind_of(send(post()));
  d().set_limits({1, 1'000, 3'000, 3'000, 4, 16, 20, 3, 1});
  refused(post(), 503, "overloaded");
  BOOST_TEST(only(end(before, bind_end::bound)).status == 201);
  refused(post(R"({"path":"pages/a/longer/than/16"})"), 400, "invalid_request");
  refused(post(R"({"path":"pages/a","query":{"name":"seventeen bytes.."}})"), 400, "invalid_request");
  refused(post(R"({"path":"pages/a","tags":["x","y"]})"), 400, "invalid_request");
  refused(post(R"({"path":"pages/a","tags":["four"]})"), 400, "invalid_request");
  auto r = post();
  r.remaining_ms = 0;
  BOOST_TEST(bind_of(send(r)).remaining_ms == 1'000u);
}

BOOST_AUTO_TEST_CASE(ends_are_told_only_when_somebody_wants_to_know) {
  open();
  BOOST_TEST(end(bind_of(send(post())), bind_end::bound).told.empty());
  d().tell(true);
  auto bound = end(bind_of(send(post())), bind_end::bound).told;
  BOOST_REQUIRE(bound.size() == 1u);
  BOOST_TEST(bound[0].request_id == "rq1");
  BOOST_TEST(bound[0].pool == "default");
  BOOST_TEST(bound[0].key == "web");
  BOOST_TEST(bound[0].id == "code1");
  BOOST_TEST(bound[0].rung == "stock");
  auto replayed = end(bind_of(send(post())), bind_end::replay).told;
  BOOST_REQUIRE(replayed.size() == 1u);
  BOOST_TEST(replayed[0].rung == "");
  auto no = send(post("{}")).told;
  BOOST_REQUIRE(no.size() == 1u);
  BOOST_TEST((no[0].code == ec::invalid_request));
  BOOST_TEST(no[0].id == "");
  auto get = post();
  get.method = http_method::get;
  BOOST_TEST(send(get).told.size() == 1u);
}

// -- link codes
// -----------------------------------------------------------------------------------------------------------------

namespace {

struct link_fixture : desk_fixture {
  int minted = 0;

  link_fixture() {
    cfg.mint = [this] { return "link" + std::to_string(minted++); };
    cfg.links["default"] = {"https://q.example.cn/", false, true};
    cfg.on_empty["default"] = rung_link;
    state.link_allowed = true;
    state.level = 0;
    BOOST_TEST(take().read_keys);
    d().keys_read(keys, at());
    d().pool_changed(state, at());
  }
  desk_effects end_link(const bind_request& r, bind_end how) {
    bind_results x;
    bind_result one{r.ticket, how, {}, {}};
    one.code = view(r);
    one.code.kind = code_kind::link;
    one.code.link_prefix = "https://q.example.cn/";
    one.code.image_format.clear();
    if (how == bind_end::lost_race) one.request = {r};
    x.results.push_back(one);
    d().bind_ended(x, at());
    return take();
  }
  http_request wanting(const std::string& accept) {
    auto r = post();
    r.accept = accept;
    return r;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(an_empty_pool_makes_a_link_code, link_fixture) {
  auto b = bind_of(send(post()));
  BOOST_TEST(b.id == "link0");
  BOOST_TEST(b.link_prefix == "https://q.example.cn/");
  BOOST_TEST(b.lot_no == 0u);
  BOOST_TEST(b.gen_id == 7u);
  BOOST_TEST(b.remaining_ms == 2'000u);
  auto a = only(end_link(b, bind_end::bound));
  BOOST_TEST(a.status == 201);
  BOOST_TEST(a.json()["rung"].as_string() == "link");
  BOOST_TEST(a.json()["kind"].as_string() == "link");
  BOOST_TEST(a.json()["scan_url"].as_string() == "https://q.example.cn/link0");
  BOOST_TEST(d().status().facts.find(R"("link":1)") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_link_code_that_lost_its_race_is_made_anew, link_fixture) {
  auto b = bind_of(send(post()));
  auto again = bind_of(end_link(b, bind_end::lost_race));
  BOOST_TEST(again.id == "link1");
  BOOST_TEST(again.link_prefix == b.link_prefix);
  BOOST_TEST((again.mark != b.mark));
  for (uint32_t i = 1; i < cfg.races_max; ++i) again = bind_of(end_link(again, bind_end::lost_race));
  BOOST_TEST(only(end_link(again, bind_end::lost_race)).status == 503);
}

BOOST_FIXTURE_TEST_CASE(the_shelf_hears_nothing_of_link_codes, link_fixture) {
  for (auto how : {bind_end::bound, bind_end::failed, bind_end::replay, bind_end::quarantined, bind_end::over_budget}) {
    auto e = end_link(bind_of(send(post())), how);
    BOOST_TEST(e.done_lots.lots.empty());
    only(e);
  }
  BOOST_TEST(d().status().facts.find(R"("codes":0,"lots":0)") != std::string::npos);
  BOOST_TEST(bind_of(send(post())).id == "link5", "none was put on the shelf");
}

BOOST_FIXTURE_TEST_CASE(a_request_may_forbid_link_codes, link_fixture) {
  auto none = refused(post(R"({"path":"a","on_empty":[]})"), 503, "out_of_stock");
  BOOST_TEST(none.detail().find("has link codes alone") != std::string::npos);
  BOOST_TEST(minted == 0);
  auto a = refused(post(R"({"path":"a","on_empty":["live"]})"), 400, "invalid_request");
  BOOST_TEST(a.detail().find("[\"link\"]") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_link_code_can_be_answered_as_a_png, link_fixture) {
  for (auto* accept : {"image/*", "image/png"}) {
    auto b = bind_of(send(wanting(accept)));
    auto a = only(end_link(b, bind_end::bound));
    BOOST_TEST(a.status == 201);
    BOOST_TEST(a.header("Content-Type") == "image/png");
    BOOST_TEST(a.header("Qrwell-Code-Id") == b.id);
    BOOST_TEST(a.body.substr(1, 3) == "PNG");
  }
  BOOST_TEST(refused(wanting("image/jpeg"), 406, "not_acceptable").detail().find("image/png") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_link_code_is_shown_again_as_a_png, link_fixture) {
  auto r = wanting("image/*");
  r.idempotency_key = "k";
  r.idempotency_key_sent = true;
  auto a = only(end_link(bind_of(send(r)), bind_end::replay));
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Idempotency-Replayed") == "true");
  BOOST_TEST(a.header("Content-Type") == "image/png");
  BOOST_TEST(a.body.substr(1, 3) == "PNG");
}

BOOST_AUTO_TEST_SUITE_END()
