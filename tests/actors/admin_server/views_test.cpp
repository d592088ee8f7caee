#include "actors/admin_server/views.hpp"

#include "actors/admin_server/key_requests.hpp"
#include "actors/admin_server/readiness.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

pool_state some_pool() {
  pool_state pool;
  pool.pool = "default";
  pool.app = "homes";
  pool.gen_id = 2;
  pool.spec = "{}";
  pool.level = 1'200;
  pool.plan = "Filling up to high.";
  pool.minutes_left = 190;
  pool.outlook = "runs dry in 3 h 10 min at the present demand if no more come";
  return pool;
}

actor_vital alive(std::string kind, std::string name) {
  actor_vital out;
  out.kind = std::move(kind);
  out.name = std::move(name);
  return out;
}

inspect_report some_report() {
  inspect_report report;
  report.now_ms = 10'000;
  for (const auto* kind : {"scan_server", "store_reader", "request_server", "binding_persister", "store_writer"}) {
    report.actors.push_back(alive(kind, kind));
    report.statuses.push_back({kind, kind, "", "{}"});
  }
  return report;
}

bool all_ok(const std::vector<ready_check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const ready_check& c) { return c.ok; });
}

bool says(const boost::json::object& status, std::string_view what) {
  return boost::json::serialize(status).find(what) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(admin_views)

BOOST_AUTO_TEST_CASE(status_begins_with_a_judgement) {
  auto status = status_json({}, some_report(), {some_pool()});
  BOOST_TEST(std::string(status.at("judgement").as_string()) ==
             "all is well; default: 1200 in stock, Filling up to high, runs dry in 3 h 10 min at the present demand if "
             "no more come");
  BOOST_TEST(status.at("problems").as_array().empty());
}

BOOST_AUTO_TEST_CASE(status_names_what_is_dead_stuck_paused_or_in_trouble) {
  auto report = some_report();
  report.actors[0].alive = false;
  report.actors[0].last_failure = "internal: bad row";
  report.actors[1].busy = true;
  report.actors[1].busy_for_ms = 5'000;
  report.actors[1].message = "scene_query";
  report.statuses[2].problem = "The store does not answer.";
  auto pool = some_pool();
  pool.paused = true;
  pool.pause_reason = "inventory";
  auto status = status_json({}, report, {pool});
  BOOST_TEST(status.at("problems").as_array().size() == 4u);
  BOOST_TEST(says(status, "is dead: internal: bad row"));
  BOOST_TEST(says(status, "5000 ms in scene_query"));
  BOOST_TEST(says(status, "is paused: inventory"));
  BOOST_TEST(says(status, "4 things to look at; default: 1200 in stock, runs dry in"));
}

BOOST_AUTO_TEST_CASE(an_empty_stock_is_not_well) {
  auto pool = some_pool();
  pool.level = 0;
  auto status = status_json({}, some_report(), {pool});
  BOOST_TEST(says(status, "1 thing to look at"));
  BOOST_TEST(says(status, "is empty: requests for codes are answered 503"));
  pool.live_allowed = true;
  BOOST_TEST(says(status_json({}, some_report(), {pool}), "is empty: each code is fetched live, as far"));
  pool.high = 100;
  pool.link_allowed = true;
  BOOST_TEST(says(status_json({}, some_report(), {pool}), "is empty: each code is fetched live or is a link code"));
  pool.live_allowed = false;
  BOOST_TEST(says(status_json({}, some_report(), {pool}), "is empty: each code is a link code"));
  pool.high = 0;
  BOOST_TEST(!says(status_json({}, some_report(), {pool}), "is empty"), "it is what it should be");
  pool.link_allowed = false;
  pool.level = 40;
  pool.reserve = 50;
  BOOST_TEST(says(status_json({}, some_report(), {pool}), "is below its reserve of 50"));
  pool.level = 50;
  BOOST_TEST(status_json({}, some_report(), {pool}).at("problems").as_array().empty());
  pool.level = 0;
  pool.spec.clear(); // the node has just started: its stock is not known yet
  BOOST_TEST(status_json({}, some_report(), {pool}).at("problems").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_cause_stands_before_what_it_causes) {
  auto report = some_report();
  report.statuses.push_back({"pool_stocker", "default", "Trying again", "{}"});
  report.statuses.push_back({"wechat_fetcher", "homes", "Calls to WeChat fail", "{}"});
  report.statuses.push_back({"token_keeper", "homes", "the token interface refused", "{}"});
  report.statuses[4].problem = "the disk is full"; // store_writer
  auto problems = status_json({}, report, {some_pool()}).at("problems").as_array();
  BOOST_REQUIRE(problems.size() == 4u);
  std::vector<std::string> where;
  for (const auto& one : problems) where.emplace_back(one.as_object().at("where").as_string());
  BOOST_TEST((where == std::vector<std::string>{"store_writer", "token_keeper homes", "wechat_fetcher homes",
                                                "pool_stocker default"}));
}

BOOST_AUTO_TEST_CASE(stock_of_a_former_look_is_told_with_its_end) {
  auto pool = some_pool();
  BOOST_TEST(!pool_json(pool).contains("former"));
  pool.former.push_back({1, 40, 1'800'000'000'000, R"({"page":"pages/old","width":430})"});
  auto told = pool_json(pool).at("former").as_array().at(0).as_object();
  BOOST_TEST(told.at("generation").to_number<int>() == 1);
  BOOST_TEST(told.at("codes").to_number<int>() == 40);
  BOOST_TEST(std::string(told.at("kept_until").as_string()) == "2027-01-15T08:00:00.000Z");
  BOOST_TEST(std::string(told.at("look").as_object().at("page").as_string()) == "pages/old");
}

BOOST_AUTO_TEST_CASE(a_pause_is_told_once) {
  auto report = some_report();
  report.statuses.push_back({"pool_stocker", "default", "inventory", "{}"});
  auto pool = some_pool();
  pool.paused = true;
  pool.pause_reason = "inventory";
  BOOST_TEST(status_json({}, report, {pool}).at("problems").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_node_can_be_ready_to_scan_and_not_to_issue) {
  auto report = some_report();
  BOOST_TEST(all_ok(ready_for_scan(report)));
  BOOST_TEST(all_ok(ready_for_issue(report, {some_pool()})));
  report.statuses.erase(report.statuses.begin() + 4); // the writer does not answer
  BOOST_TEST(all_ok(ready_for_scan(report)));
  BOOST_TEST(!all_ok(ready_for_issue(report, {some_pool()})));
}

BOOST_AUTO_TEST_CASE(a_writer_in_trouble_is_not_ready_to_issue_though_nobody_asked_for_a_code) {
  auto report = some_report();
  for (auto& status : report.statuses)
    if (status.kind == "store_writer") status.problem = "the file was deleted";
  BOOST_TEST(all_ok(ready_for_scan(report)));
  BOOST_TEST(!all_ok(ready_for_issue(report, {some_pool()})));
}

BOOST_AUTO_TEST_CASE(an_actor_that_is_stuck_dead_or_missing_is_not_ready) {
  auto stuck = some_report();
  stuck.actors[1].busy = true;
  stuck.actors[1].busy_for_ms = stuck_after_ms + 1;
  BOOST_TEST(!all_ok(ready_for_scan(stuck)));
  auto dead = some_report();
  dead.actors[0].alive = false;
  BOOST_TEST(!all_ok(ready_for_scan(dead)));
  auto missing = some_report();
  missing.actors.erase(missing.actors.begin());
  BOOST_TEST(!all_ok(ready_for_scan(missing)));
}

BOOST_AUTO_TEST_CASE(no_pool_that_reported_is_not_ready_but_an_empty_one_is) {
  BOOST_TEST(!all_ok(ready_for_issue(some_report(), {})));
  auto empty = some_pool();
  empty.level = 0;
  BOOST_TEST(all_ok(ready_for_issue(some_report(), {empty})));
}

BOOST_AUTO_TEST_CASE(apps_gather_what_their_actors_say) {
  inspect_report report;
  report.statuses = {{"quota_manager", "homes", "", R"({"app":"homes","used_60s":12})"},
                     {"token_keeper", "homes", "no token", R"({"age_s":3})"},
                     {"wechat_fetcher", "homes", "", R"({"breaker":"closed"})"}};
  auto apps = apps_json(report);
  BOOST_REQUIRE(apps.size() == 1u);
  auto text = boost::json::serialize(apps);
  BOOST_TEST(text.find(R"("quota":{"used_60s":12})") != std::string::npos);
  BOOST_TEST(text.find(R"("problem":"no token")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(those_in_trouble_come_first_among_the_actors) {
  auto report = some_report();
  report.actors[3].alive = false;
  auto actors = actors_json(report);
  BOOST_TEST(std::string(actors[0].as_object().at("state").as_string()) == "dead");
}

BOOST_AUTO_TEST_CASE(a_new_key_is_read_and_its_text_hashes_to_its_row) {
  auto key = read_new_key(
      R"({"name":"shop","scopes":["issue","read"],"rate_per_s":5,"priority":"core","paths":["pages/"],"pools":["vip"]})",
      {"default", "vip"}, 0);
  BOOST_REQUIRE(key);
  BOOST_TEST((key->row.scopes == (scope_issue | scope_read)));
  BOOST_TEST(key->row.owner == "shop");
  BOOST_TEST((key->row.hash == sha256(key->text.reveal())));
  BOOST_TEST(says(key_json(key->row), "core"));
  BOOST_TEST(!says(key_json(key->row), key->text.reveal()));
}

BOOST_AUTO_TEST_CASE(a_key_for_a_pool_that_there_is_not_is_refused_with_those_that_there_are) {
  auto key = read_new_key(R"({"name":"shop","scopes":["issue"],"pools":["vip","vpi"]})", {"default", "vip"}, 0);
  BOOST_REQUIRE(!key);
  BOOST_TEST((code_of(key.error()) == ec::invalid_request));
  BOOST_TEST(sentence_of(key.error()).find("there is no pool 'vpi'; there are: default, vip") != std::string::npos,
             render(key.error()));
}

BOOST_AUTO_TEST_CASE(a_wrong_key_request_names_the_field) {
  for (auto [body, field] : std::vector<std::pair<const char*, const char*>>{
           {R"({"scopes":["read"]})", "name"},
           {R"({"name":"Shop","scopes":["read"]})", "name"},
           {R"({"name":"shop"})", "scopes"},
           {R"({"name":"shop","scopes":["all"]})", "scopes"},
           {R"({"name":"shop","scopes":[]})", "scopes"},
           {R"({"name":"shop","scopes":["read"],"rate_per_s":-1})", "rate_per_s"},
           {R"({"name":"shop","scopes":["read"],"priority":"vip"})", "priority"},
           {R"({"name":"shop","scopes":["read"],"pools":"x"})", "pools"},
           {R"({"name":"shop","scopes":["read"],"expires_at":"1999-01-01T00:00:00Z"})", "expires_at"},
           {R"({"name":"shop","scopes":["read"],"color":1})", "color"},
           {R"([])", "object"}}) {
    auto key = read_new_key(body, {"default"}, 1'000'000'000'000);
    BOOST_REQUIRE(!key);
    BOOST_TEST((code_of(key.error()) == ec::invalid_request));
    BOOST_TEST(render(key.error()).find(field) != std::string::npos, body);
  }
}

BOOST_AUTO_TEST_SUITE_END()
