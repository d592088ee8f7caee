#include "tests/actors/request_server/desk_fixture.hpp"

using namespace qrwell;
using test::desk_fixture;

BOOST_FIXTURE_TEST_SUITE(recall_suite, desk_fixture)

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

BOOST_AUTO_TEST_SUITE_END()
