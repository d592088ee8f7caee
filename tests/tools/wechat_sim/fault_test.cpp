#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

BOOST_FIXTURE_TEST_SUITE(fault_suite, sim_fixture)

BOOST_AUTO_TEST_CASE(an_error_for_the_next_calls) {
  auto current = token();
  BOOST_TEST(set_fault(R"({"kind":"error","code":-1,"count":2})") == 200U);
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(state().at("fault_hits").at("error").as_int64() == 2);
  BOOST_TEST(state().at("faults").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_rate_is_kept) {
  auto current = token();
  set_fault(R"({"kind":"error","code":45011,"rate":0.25})");
  int hits = 0;
  for (int i = 0; i < 2000; ++i) hits += outcome(current, R"({"scene":"a","width":280})") == 45011 ? 1 : 0;
  BOOST_TEST(hits > 400);
  BOOST_TEST(hits < 600);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_faults) {
  sim_fixture other;
  std::string here;
  std::string there;
  for (auto* sim : {static_cast<sim_fixture*>(this), &other}) {
    auto current = sim->token();
    sim->set_fault(R"({"kind":"error","rate":0.5})");
    for (int i = 0; i < 100; ++i) (sim == &other ? there : here) += sim->outcome(current) == 0 ? '.' : 'x';
  }
  BOOST_TEST(here == there);
}

BOOST_AUTO_TEST_CASE(injected_token_and_limit_errors_come_before_the_count) {
  auto current = token();
  set_fault(R"([{"kind":"error","code":40001,"count":1},{"kind":"error","code":45009,"count":1}])");
  outcome(current);
  outcome(current);
  BOOST_TEST(state_of(0).at("charged").as_int64() == 0);
  set_fault(R"({"kind":"error","code":-1,"count":1})");
  outcome(current);
  BOOST_TEST(state_of(0).at("charged").as_int64() == 1);
  BOOST_TEST(state_of(0).at("calls").as_int64() == 3);
}

BOOST_AUTO_TEST_CASE(each_kind_does_what_it_says) {
  auto current = token();
  auto good = code(current, R"({"scene":"abc"})");
  auto with = [&](const std::string& kind, const std::string& more = "") {
    BOOST_TEST(set_fault(R"({"kind":")" + kind + R"(","count":1)" + more + "}") == 200U, kind);
    return code(current, R"({"scene":"abc"})");
  };
  BOOST_TEST(with("error_as_text").content_type == "text/plain");
  BOOST_TEST(errcode(with("error_as_text")) == -1);
  BOOST_TEST(with("json_as_image").content_type == "image/jpeg");
  BOOST_TEST(errcode(with("json_as_image", R"(,"code":45009)")) == 45009);
  BOOST_TEST(with("http_status", R"(,"code":502)").status == 502U);
  BOOST_TEST((with("reset").how == delivery::reset));
  BOOST_TEST((with("reset_mid_body").how == delivery::reset_mid_body));
  BOOST_TEST((with("truncated").how == delivery::truncated));
  BOOST_TEST((with("black_hole").how == delivery::silence));
  BOOST_TEST(with("slow_body", R"(,"ms":700)").body_ms == 700);
  BOOST_TEST(with("empty_body").body->empty());
  BOOST_TEST(with("empty_body").content_type == "image/jpeg");
  auto mislabelled = with("image_as_json");
  BOOST_TEST(mislabelled.content_type == "application/json; encoding=utf-8");
  BOOST_TEST(*mislabelled.body == *good.body);
  auto garbage = with("garbage");
  BOOST_TEST(garbage.body->size() == good.body->size());
  BOOST_TEST(!garbage.body->starts_with("\xFF\xD8\xFF"));
  auto corrupt = with("corrupt");
  BOOST_TEST(corrupt.body->starts_with("\xFF\xD8\xFF"));
  BOOST_TEST(*corrupt.body != *good.body);
  BOOST_TEST(with("wrong_size").body->size() < good.body->size());
  auto after = code(current, R"({"scene":"abc"})");
  BOOST_TEST(*after.body == *good.body);
}

BOOST_AUTO_TEST_CASE(a_gateways_page_can_come_as_200) {
  auto current = token();
  set_fault(R"({"kind":"gateway_html","count":1})");
  auto page = code(current, "{}");
  BOOST_TEST(page.status == 200U);
  BOOST_TEST(page.content_type == "text/html");
  BOOST_TEST(page.body->starts_with("<html>"));
  set_fault(R"({"kind":"gateway_html","code":502,"count":1,"on":"token"})");
  BOOST_TEST(get("/cgi-bin/token?appid=wxone").status == 502U);
}

BOOST_AUTO_TEST_CASE(delay_short_body_and_a_reset_within_the_headers) {
  auto current = token();
  auto good = code(current, R"({"scene":"abc"})");
  set_fault(R"({"kind":"delay","ms":700,"count":1})");
  BOOST_TEST(code(current, R"({"scene":"abc"})").delay_ms == 700);
  set_fault(R"({"kind":"short_body","count":1})");
  auto cut = code(current, R"({"scene":"abc"})");
  BOOST_TEST((cut.how == delivery::whole));
  BOOST_TEST(*cut.body == good.body->substr(0, good.body->size() / 2));
  set_fault(R"({"kind":"reset_mid_head","count":1})");
  BOOST_TEST((code(current, R"({"scene":"abc"})").how == delivery::reset_mid_head));
}

BOOST_AUTO_TEST_CASE(errors_take_the_same_bad_way_as_images) {
  auto current = token();
  set_fault(R"([{"kind":"black_hole"},{"kind":"limit","per_minute":2}])");
  BOOST_TEST((code(current, "{}").how == delivery::silence));
  BOOST_TEST((code(current, R"({"scene":"a"})").how == delivery::silence));
  BOOST_TEST((code(current, R"({"scene":"a"})").how == delivery::silence)); // 45009, which nobody hears
  BOOST_TEST(state_of(0).at("refused").at("45009").as_int64() == 1);
  // What is done to an image cannot be done to an error.
  set_fault(R"([{"kind":"none"},{"kind":"garbage"}])");
  BOOST_TEST(outcome(current) == 45009);
}

BOOST_AUTO_TEST_CASE(a_fault_can_be_for_one_host_and_all_hosts_share_one_quota) {
  auto current = token();
  set_fault(R"([{"kind":"limit","per_minute":3},{"kind":"black_hole","host":"api.weixin.qq.com"},
                {"kind":"error","host":"127.0.0.1:9002"}])");
  auto how = [&] { return code(current, R"({"scene":"a"})").how; };
  BOOST_TEST((how() == delivery::silence));
  host = "api.weixin.qq.com:443";
  BOOST_TEST((how() == delivery::silence));
  host = "api2.weixin.qq.com";
  BOOST_TEST((how() == delivery::whole));
  listener = "127.0.0.1:9002";
  BOOST_TEST(outcome(current) == 45009);
  pass_s(60);
  BOOST_TEST(outcome(current) == -1);
  auto hosts = state().at("calls_by_host");
  BOOST_TEST(hosts.at("api2.weixin.qq.com").as_int64() == 3);
  BOOST_TEST(hosts.at("api.weixin.qq.com").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(connections_can_be_refused_at_one_listener) {
  set_fault(R"({"kind":"reset_on_accept","host":"127.0.0.1:9001","count":2})");
  BOOST_TEST(core.accepts("127.0.0.1:9002", now_us));
  BOOST_TEST(!core.accepts("127.0.0.1:9001", now_us));
  BOOST_TEST(!core.accepts("127.0.0.1:9001", now_us));
  BOOST_TEST(core.accepts("127.0.0.1:9001", now_us));
  BOOST_TEST(state().at("connections").at("refused").as_int64() == 2);
  BOOST_TEST(state().at("fault_hits").at("reset_on_accept").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(same_bytes_makes_different_scenes_equal) {
  auto current = token();
  set_fault(R"({"kind":"same_bytes","count":2})");
  auto one = code(current, R"({"scene":"one"})");
  auto two = code(current, R"({"scene":"two"})");
  BOOST_TEST(*one.body == *two.body);
  BOOST_TEST(*code(current, R"({"scene":"one"})").body != *one.body);
}

BOOST_AUTO_TEST_CASE(an_ampersand_can_be_refused) {
  auto current = token();
  set_fault(R"({"kind":"refuse_ampersand"})");
  BOOST_TEST(outcome(current, R"({"scene":"a&b"})") == 40129);
  BOOST_TEST(outcome(current, R"({"scene":"ab"})") == 0);
}

BOOST_AUTO_TEST_CASE(a_stolen_token_is_not_latest_and_a_new_one_can_be_had) {
  auto current = token();
  auto old = text(ordinary(), "access_token");
  set_fault(R"({"kind":"steal_token"})");
  BOOST_TEST(outcome(current) == 40001);
  BOOST_TEST(outcome(old) == 0); // five minutes more
  pass_s(300);
  BOOST_TEST(outcome(old) == 40001);
  BOOST_TEST(token() != current);
  BOOST_TEST(outcome(token()) == 0);
}

BOOST_AUTO_TEST_CASE(only_one_kind_of_token_can_be_stolen) {
  auto current = token();
  set_fault(R"({"kind":"steal_token","which":"ordinary"})");
  BOOST_TEST(outcome(current) == 0);
  set_fault(R"({"kind":"steal_token","which":"stable","app":"wxtwo"})");
  BOOST_TEST(outcome(current) == 0);
  set_fault(R"({"kind":"steal_token","which":"stable","app":"wxone"})");
  BOOST_TEST(outcome(current) == 40001);
}

BOOST_AUTO_TEST_CASE(tokens_can_be_stolen_again_and_again) {
  set_fault(R"({"kind":"steal_token","rate":1})");
  for (int i = 0; i < 100; ++i) BOOST_TEST(outcome(token()) == 40001);
}

BOOST_AUTO_TEST_CASE(tokens_can_be_made_to_expire) {
  auto current = token();
  set_fault(R"({"kind":"expire_token"})");
  BOOST_TEST(outcome(current) == 42001);
  current = token();
  set_fault(R"({"kind":"expire_token","count":1})");
  BOOST_TEST(outcome(current) == 42001);
  BOOST_TEST(outcome(token()) == 0);
}

BOOST_AUTO_TEST_CASE(faults_of_the_token_calls) {
  set_fault(R"({"kind":"error","code":-1,"count":1,"on":"token"})");
  BOOST_TEST(stable().at("errcode").as_int64() == -1);
  BOOST_TEST(!token().empty());
  set_fault(R"({"kind":"reset","count":1,"on":"token"})");
  auto lost = get("/cgi-bin/token?grant_type=client_credential&appid=wxone&secret=secret1");
  BOOST_TEST((lost.how == delivery::reset));
  // The answer is lost, but the token was given out and counts.
  BOOST_TEST(state_of(0).at("tokens").at("ordinary").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(a_fault_can_be_for_one_app) {
  auto current = token();
  set_fault(R"({"kind":"error","app":"wxtwo"})");
  BOOST_TEST(outcome(current) == 0);
  set_fault(R"({"kind":"error","app":"wxone"})");
  BOOST_TEST(outcome(current) == -1);
}

BOOST_AUTO_TEST_CASE(latency) {
  auto current = token();
  set_fault(R"({"kind":"latency","min_ms":20,"max_ms":40})");
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(code(current, "{}").delay_ms);
  BOOST_TEST(*seen.begin() >= 20);
  BOOST_TEST(*seen.rbegin() <= 40);
  BOOST_TEST(seen.size() > 10U);
  BOOST_TEST(get("/sim/state").delay_ms == 0);
}

BOOST_AUTO_TEST_CASE(wrong_faults_are_refused_with_a_reason) {
  for (const char* bad :
       {R"({"kind":"nonsense"})", R"({})", R"(7)", R"(nonsense)", R"({"kind":"error","rate":2})",
        R"({"kind":"error","count":-1})", R"({"kind":"error","colour":1})", R"({"kind":"same_bytes","on":"token"})",
        R"({"kind":"http_status","code":200})", R"({"kind":"gateway_html","code":100})",
        R"({"kind":"error","app":"wxnone"})", R"({"kind":"error","host":7})", R"({"kind":"none","app":"wxone"})",
        R"({"kind":"reset_on_accept","on":"token"})", R"({"kind":"ip_list","allow":"127.0.0.1"})",
        R"({"kind":"latency","app":"wxone"})", R"({"kind":"limit","per_minute":-1})",
        R"({"kind":"latency","min_ms":5,"max_ms":4})", R"({"kind":"steal_token","which":"none"})"}) {
    auto answer = post("/sim/faults", bad);
    BOOST_TEST(answer.status == 400U, bad);
    BOOST_TEST(!text(json(answer), "error").empty());
  }
  BOOST_TEST(get("/sim/nonsense").status == 404U);
}

BOOST_AUTO_TEST_CASE(the_number_of_faults_is_bounded) {
  for (std::size_t i = 0; i < fault_plan::faults_max; ++i) BOOST_TEST(set_fault(R"({"kind":"error"})") == 200U);
  BOOST_TEST(set_fault(R"({"kind":"error"})") == 400U);
  BOOST_TEST(set_fault(R"({"kind":"none"})") == 200U);
  BOOST_TEST(outcome(token()) == 0);
}

BOOST_AUTO_TEST_CASE(reset_forgets_everything_but_the_tokens) {
  auto current = token();
  outcome(current);
  outcome("forged");
  BOOST_TEST(state().at("refused_without_app").at("40001").as_int64() == 1);
  set_fault(R"([{"kind":"error"},{"kind":"limit","per_minute":1},{"kind":"latency","min_ms":9}])");
  BOOST_TEST(post("/sim/reset", "").status == 200U);
  auto seen = state();
  BOOST_TEST(seen.at("apps").at(0).at("calls").as_int64() == 0);
  BOOST_TEST(seen.at("limit").at("per_minute").as_int64() == 5000);
  BOOST_TEST(seen.at("latency").at("max_ms").as_int64() == 0);
  BOOST_TEST(seen.at("faults").as_array().empty());
  BOOST_TEST(json(get("/sim/scenes")).at("scenes").as_array().empty());
  BOOST_TEST(outcome(current) == 0);
  post("/sim/reset", R"({"tokens":true})");
  BOOST_TEST(outcome(current) == 40001);
}

BOOST_AUTO_TEST_CASE(a_page_is_released_while_it_runs) {
  auto current = token();
  BOOST_TEST(post("/sim/pages", R"({"pages":["pages/other"]})").status == 200U);
  BOOST_TEST(outcome(current, R"({"scene":"a","page":"pages/a"})") == 41030);
  BOOST_TEST(post("/sim/pages", R"({"pages":["pages/a"]})").status == 200U);
  BOOST_TEST(outcome(current, R"({"scene":"a","page":"pages/a"})") == 0);
  for (const auto* bad : {"", "[]", "{}", R"({"pages":"pages/a"})", R"({"pages":[1]})"})
    BOOST_TEST(post("/sim/pages", bad).status == 400U, bad);
}

BOOST_AUTO_TEST_CASE(the_last_scenes_are_shown_newest_first_and_bounded) {
  auto current = token();
  for (int i = 0; i < 1100; ++i) code(current, R"({"scene":"s)" + std::to_string(i) + R"(","width":280})");
  auto scenes = json(get("/sim/scenes?limit=5000")).at("scenes").as_array();
  BOOST_TEST(scenes.size() == 1000U);
  BOOST_TEST(text(scenes[0], "scene") == "s1099");
  BOOST_TEST(text(scenes[0], "sha256").size() == 64U);
  BOOST_TEST(text(scenes[0], "sha256") != text(scenes[1], "sha256"));
  BOOST_TEST(json(get("/sim/scenes?limit=2")).at("scenes").as_array().size() == 2U);
  BOOST_TEST(get("/sim/scenes?limit=x").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
