#include "tests/actors/request_server/desk_fixture.hpp"

using namespace qrwell;
using test::desk_fixture;

BOOST_FIXTURE_TEST_SUITE(admission_suite, desk_fixture)

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

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_at_once_though_no_keys_were_read) {
  for (const auto* what : {"", "Bearer short", "Basic eA=="}) {
    auto r = post();
    r.authorization = secret(what);
    BOOST_TEST(only(send(r)).status == 401);
  }
  BOOST_TEST(send(post()).answers.empty(), "this one may be good");
}

BOOST_AUTO_TEST_SUITE_END()
