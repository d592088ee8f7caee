#include "tests/actors/request_server/desk_fixture.hpp"

#include <random>

using namespace qrwell;
using test::desk_fixture;

BOOST_FIXTURE_TEST_SUITE(request_desk_suite, desk_fixture)

// -- the straight way

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

// -- the ladder

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

BOOST_AUTO_TEST_CASE(no_image_is_asked_for_in_a_form_that_the_pool_has_not_said_yet) {
  state.spec = "";
  open();
  auto r = post();
  for (auto* form : {"image/*", "image/jpeg", "image/png"}) {
    r.accept = form;
    auto a = refused(r, 503, "unavailable");
    BOOST_TEST(a.header("Retry-After") == "1");
    BOOST_TEST(a.detail().find("is starting") != std::string::npos, a.detail());
  }
  bind_of(send(post()));
  state.spec = R"({"hyaline":true})";
  d().pool_changed(state, at());
  BOOST_TEST((send(r).images.at(0).second == image_get{"code1", "png"}));
  state.spec = ""; // of a stocker that was started again
  d().pool_changed(state, at());
  BOOST_TEST((send(r).images.at(0).second == image_get{"code2", "png"}));
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

BOOST_AUTO_TEST_SUITE_END()
