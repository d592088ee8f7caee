#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"
#include "tools/wechat-sim/scenario_file.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

std::string joined(const scenario_problems& problems) {
  std::string out;
  for (const auto& problem : problems) out += problem + "\n";
  return out;
}

/// What reading this complains about; empty if it is fine.
std::string complaints(std::string_view yaml) {
  auto read = read_scenario(yaml, "play.yaml", settings_of_two_apps());
  auto* problems = std::get_if<scenario_problems>(&read);
  return problems == nullptr ? std::string{} : joined(*problems);
}

struct playing_fixture : sim_fixture {
  void play(std::string_view yaml) { BOOST_TEST_REQUIRE(post("/sim/scenario", yaml).status == 200U, yaml); }

  std::string phases() {
    std::string out;
    auto shown = json(get("/sim/scenario"));
    for (const auto& step : shown.at("scenario").at("steps").as_array())
      out += text(step, "phase") + " ";
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(scenario_suite, playing_fixture)

BOOST_AUTO_TEST_CASE(a_fault_begins_and_ends_when_it_says) {
  auto current = token();
  play("steps:\n  - {at: 10s, for: 30s, what: 45009}\n");
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(phases() == "waiting ");
  pass_s(10);
  BOOST_TEST(outcome(current) == 45009);
  BOOST_TEST(phases() == "active ");
  pass_s(29);
  BOOST_TEST(outcome(current) == 45009);
  pass_s(1);
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(phases() == "over ");
  BOOST_TEST(json(get("/sim/scenario")).at("scenario").at("over").as_bool());
}

BOOST_AUTO_TEST_CASE(a_fault_without_an_end_stays_and_a_counted_one_hits_so_often) {
  auto current = token();
  play("steps:\n  - {at: 1s, what: error, code: -1, count: 2}\n  - {at: 2s, what: empty_body}\n");
  pass_s(1);
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(outcome(current) == 0);
  pass_s(86400);
  BOOST_TEST(code(token(), R"({"scene":"a"})").body->empty());
}

BOOST_AUTO_TEST_CASE(what_is_skipped_between_two_calls_has_happened_all_the_same) {
  auto current = token();
  play("steps:\n  - {at: 1s, what: steal_token, which: stable}\n  - {at: 2s, for: 3s, what: 48001}\n");
  pass_s(60);
  BOOST_TEST(outcome(current) == 40001);
  BOOST_TEST(outcome(token()) == 0);
  BOOST_TEST(state().at("faults").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_setting_goes_back_to_what_it_was) {
  set_fault(R"({"kind":"limit","per_minute":77})");
  play("steps:\n"
       "  - {at: 1s, for: 5s, what: limit, per_minute: 0, code: 45011}\n"
       "  - {at: 2s, for: 2s, what: latency, min_ms: 300, max_ms: 400}\n"
       "  - {at: 1s, for: 1s, what: ip_list, allow: [10.0.0.1]}\n");
  pass_s(1);
  BOOST_TEST(state().at("limit").at("code").as_int64() == 45011);
  BOOST_TEST(state().at("allowed_ips").as_array().size() == 1U);
  pass_s(2);
  BOOST_TEST(state().at("latency").at("min_ms").as_int64() == 300);
  BOOST_TEST(state().at("allowed_ips").as_array().empty());
  pass_s(1);
  BOOST_TEST(state().at("latency").at("max_ms").as_int64() == 0);
  BOOST_TEST(state().at("limit").at("per_minute").as_int64() == 0);
  pass_s(2);
  BOOST_TEST(state().at("limit").at("per_minute").as_int64() == 77);
  BOOST_TEST(state().at("limit").at("code").as_int64() == 45009);
}

BOOST_AUTO_TEST_CASE(a_second_token_manager_for_a_while) {
  play("steps:\n  - {at: 1s, for: 5s, what: steal_token}\n");
  BOOST_TEST(outcome(token()) == 0);
  pass_s(1);
  for (int i = 0; i < 3; ++i) BOOST_TEST(outcome(token()) == 40001);
  pass_s(5);
  BOOST_TEST(outcome(token()) == 0);
}

BOOST_AUTO_TEST_CASE(an_end_comes_before_a_beginning_of_the_same_moment) {
  auto current = token();
  play("steps:\n  - {at: 1s, for: 1s, what: 45011}\n  - {at: 2s, for: 1s, what: -1}\n"
       "  - {at: 1s, for: 1s, what: latency, min_ms: 10}\n  - {at: 2s, for: 1s, what: latency, min_ms: 20}\n");
  pass_s(2);
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(state().at("latency").at("min_ms").as_int64() == 20);
  pass_s(1);
  BOOST_TEST(state().at("latency").at("min_ms").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(a_scenario_can_be_stopped_replaced_and_reset) {
  auto current = token();
  play("steps:\n  - {at: 0s, what: 45009}\n  - {at: 0s, for: 1h, what: latency, min_ms: 5}\n");
  BOOST_TEST(outcome(current) == 45009);
  BOOST_TEST(send("DELETE", "/sim/scenario", "").status == 200U);
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(state().at("latency").at("max_ms").as_int64() == 0);
  BOOST_TEST(state().at("scenario").is_null());
  play("steps: [{at: 0s, what: 45009}]");
  play("steps: [{at: 0s, what: -1}]");
  BOOST_TEST(outcome(current) == -1);
  BOOST_TEST(post("/sim/reset", "").status == 200U);
  BOOST_TEST(outcome(current) == 0);
  BOOST_TEST(json(get("/sim/scenario")).at("scenario").is_null());
}

BOOST_AUTO_TEST_CASE(json_is_yaml) {
  play(R"({"name":"as json","steps":[{"at":"500ms","for":"1.5s","what":"error","code":45011,"app":"wxone"}]})");
  auto current = token();
  now_us += second_us / 2;
  BOOST_TEST(outcome(current) == 45011);
  pass_s(1);
  BOOST_TEST(outcome(current) == 45011);
  now_us += second_us / 2;
  BOOST_TEST(outcome(current) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_file_line_and_what_is_allowed) {
  struct row {
    const char* yaml;
    const char* says;
  };
  const row rows[] = {
      {"", "play.yaml:1: a scenario is a map with 'steps'"},
      {"steps: []", "play.yaml:1: steps: there are none"},
      {"steps: 7", "play.yaml:1: steps: must be a list"},
      {"name: a\nsteps:\n- 7", "play.yaml:3: a step is a map"},
      {"name: a\nspeed: 2\nsteps:\n- {at: 1s, what: reset}", "play.yaml:2: there is no 'speed'; allowed are name and"},
      {"steps:\n- {what: reset}", "play.yaml:2: at is missing"},
      {"steps:\n- {at: 1s}", "play.yaml:2: what is missing"},
      {"steps:\n- at: 10\n  what: reset", "play.yaml:2: at: must be a number with ms, s, m or h"},
      {"steps:\n- at: -1s\n  what: reset", "play.yaml:2: at: must be"},
      {"steps:\n- at: 25h\n  what: reset", "play.yaml:2: at: must be a number with ms, s, m or h, at most 24h"},
      {"steps:\n- at: 1s\n  for: 0s\n  what: reset", "play.yaml:3: for: must be"},
      {"steps:\n- at: 1s\n  what: resett", "play.yaml:3: what: there is no fault 'resett'; there are error, "},
      {"steps:\n- at: 1s\n  kind: reset", "play.yaml:3: there is no 'kind' in a step; it is called what"},
      {"steps:\n- at: 1s\n  what: reset\n  colour: red", "a fault has no field 'colour'"},
      {"steps:\n- at: 1s\n  what: reset\n  rate: 2", "rate: must be a number from 0 to 1"},
      {"steps:\n- at: 1s\n  what: reset\n  app: wxnone", "app: there is no such app"},
      {"steps:\n- at: 1s\n  what: latency\n  ms: 5", "latency has no field 'ms'; it has min_ms, max_ms"},
      {"steps:\n- at: 1s\n  what: limit\n  per_minute: x", "limit: per_minute"},
      {"steps:\n- at: 1s\n  for: 5s\n  what: none", "for: none ends all faults at once"},
      {"steps:\n- at: 1s\n  what: reset\n  at: 2s", "play.yaml:4: 'at' is given twice"},
      {"steps:\n- at: 1s\n  what: {a: 1}", "what: must be an error code"},
      {"steps:\n- at: 1s\n  what: reset\n  rate: {a: 1}", "play.yaml:4: rate: must be a plain value"},
      {"steps:\n- {at: 1s, for: 5s, what: latency, min_ms: 1}\n- {at: 3s, what: latency, min_ms: 2}",
       "play.yaml:3: latency begins before that of line 2 ends"},
      {"steps: [", "this is not YAML"},
      {"a: b: c", "this is not YAML"},
  };
  for (const auto& row : rows) {
    auto said = complaints(row.yaml);
    BOOST_TEST(said.find(row.says) != std::string::npos, row.yaml << " -> " << said);
    BOOST_TEST(said.starts_with("play.yaml:"), said);
  }
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_at_once_and_nothing_is_played) {
  auto answer =
      post("/sim/scenario", "steps:\n- {at: 1, what: reset}\n- {at: 0s, what: 45009}\n- {at: 1s, what: no}\n");
  BOOST_TEST(answer.status == 400U);
  BOOST_TEST(json(answer).at("errors").as_array().size() == 2U);
  BOOST_TEST(outcome(token()) == 0);
  BOOST_TEST(state().at("scenario").is_null());
}

BOOST_AUTO_TEST_CASE(the_number_of_steps_is_bounded) {
  std::string yaml = "steps:\n";
  for (std::size_t i = 0; i <= scenario_script::steps_max; ++i) yaml += "- {at: 1s, what: reset}\n";
  BOOST_TEST(complaints(yaml).find("256 at the most") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_told) {
  auto read = read_scenario_file("/nowhere/play.yaml", settings_of_two_apps());
  BOOST_TEST(joined(std::get<scenario_problems>(read)) == "/nowhere/play.yaml: cannot be read; is the path right?\n");
}

BOOST_AUTO_TEST_SUITE_END()
