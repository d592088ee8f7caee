#include "tools/wechat-sim/launch_plan.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/toy_well.hpp"
#include "tools/wechat-sim/launch_player.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;
namespace json = boost::json;

namespace {

launch_plan plan_of(const std::string& more, const std::string& server = "http://127.0.0.1:8080") {
  auto read = read_launch(json::parse("{\"server\":\"" + server + "\"," + more + "}").as_object());
  BOOST_TEST_REQUIRE(std::holds_alternative<launch_plan>(read), more);
  return std::get<launch_plan>(read);
}

std::string complaint(const std::string& text) {
  auto read = read_launch(json::parse(text).as_object());
  auto* wrong = std::get_if<std::string>(&read);
  return wrong == nullptr ? "" : *wrong;
}

const std::string answer_for_abc = R"({"id":"abc","path":"p","query":{"a":1},"url":"p?a=1","version":1})";

struct well_fixture {
  toy_well well;

  json::object play(const std::string& more) {
    auto plan = plan_of(more, "http://127.0.0.1:" + std::to_string(well.port()));
    json::object out;
    boost::asio::io_context io{1};
    boost::asio::co_spawn(io, play_launch(plan), [&](const std::exception_ptr&, json::object played) { out = played; });
    io.run();
    return out;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(launch_plan_suite)

BOOST_AUTO_TEST_CASE(what_wechat_and_the_page_ask_for_a_code) {
  auto plan = plan_of(R"("scene":"a_b-c","app":"wxone","token":"t&1","page":"pages/qr/index")");
  BOOST_TEST(
      prefetch_target(plan, 1234) ==
      "/v1/prefetch?appid=wxone&token=t%261&timestamp=1234&path=pages%2Fqr%2Findex&query=scene%3Da_b-c&scene=1047");
  BOOST_TEST(page_target(plan) == "/v1/scenes/a_b-c?launch=1047");
}

BOOST_AUTO_TEST_CASE(what_wechat_and_the_page_ask_for_a_link) {
  auto plan = plan_of(R"("link":"https://h.cn/q/abc","token":"")", "http://127.0.0.1:8080/base/");
  BOOST_TEST(prefetch_target(plan, 1) == "/base/v1/prefetch?appid=wx0123456789abcdef&code=simulated-login-code&"
                                         "timestamp=1&path=pages%2Fqr%2Findex&"
                                         "query=q%3Dhttps%253A%252F%252Fh.cn%252Fq%252Fabc&scene=1011");
  BOOST_TEST(page_target(plan) == "/base/v1/scenes?q=https%3A%2F%2Fh.cn%2Fq%2Fabc&launch=1011");
}

BOOST_AUTO_TEST_CASE(a_prefetch_is_used_only_for_this_very_code) {
  auto code = plan_of(R"("scene":"abc")");
  BOOST_TEST(fits_launch(code, 200, answer_for_abc));
  BOOST_TEST(!fits_launch(code, 404, answer_for_abc));
  BOOST_TEST(!fits_launch(code, 200, R"({"id":"abc"})"));
  BOOST_TEST(!fits_launch(code, 200, "nonsense"));
  BOOST_TEST(!fits_launch(plan_of(R"("scene":"abd")"), 200, answer_for_abc));
  BOOST_TEST(fits_launch(plan_of(R"("link":"https://h.cn/q/abc")"), 200, answer_for_abc));
  BOOST_TEST(!fits_launch(plan_of(R"("link":"https://h.cn/q/xabc")"), 200, answer_for_abc));
  BOOST_TEST(!fits_launch(plan_of(R"("link":"abc")"), 200, answer_for_abc));
}

BOOST_AUTO_TEST_CASE(what_a_page_makes_of_an_answer) {
  struct row {
    unsigned status;
    const char* body;
    const char* kind;
  };
  const row rows[] = {
      {200, R"({"id":"abc","url":"p?a=1"})", "go"},
      {404, R"({"code":"unknown_code"})", "unknown"},
      {400, R"({"code":"invalid_request"})", "unknown"},
      {410, R"({"code":"revoked"})", "revoked"},
      {410, R"({"code":"expired"})", "expired"},
      {404, "<html>no</html>", "away"},
      {200, "<html>ok</html>", "away"},
      {503, R"({"code":"overloaded"})", "away"},
  };
  for (const auto& row : rows) BOOST_TEST(outcome_of_request(row.status, row.body).kind == row.kind, row.body);
  BOOST_TEST(outcome_of_request(200, answer_for_abc).detail == "p?a=1");
}

BOOST_AUTO_TEST_CASE(wrong_launches_are_told) {
  BOOST_TEST(complaint(R"({"scene":"a"})").starts_with("server: is missing"));
  BOOST_TEST(complaint(R"({"server":"http://h:1"})").starts_with("give scene"));
  BOOST_TEST(complaint(R"({"server":"http://h:1","scene":"a","link":"b"})").starts_with("give scene"));
  for (const char* server : {"h:1", "https://h:1", "http://", "http://u:p@h:1", "http://h:1/?a", "nonsense"})
    BOOST_TEST(complaint("{\"scene\":\"a\",\"server\":\"" + std::string{server} + "\"}").starts_with("server: must be"),
               server);
  BOOST_TEST(complaint(R"({"server":"http://h:1","scene":"a","package_ms":-1})").starts_with("package_ms: must be"));
  BOOST_TEST(complaint(R"({"server":"http://h:1","scene":"a","prefetch":"no"})").starts_with("prefetch: must be"));
  BOOST_TEST(complaint(R"({"server":"http://h:1","scene":"a","speed":1})").starts_with("there is no 'speed'"));
  BOOST_TEST(complaint(R"({"server":"http://h:1","scene":7})").starts_with("scene: must be a text"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(launch_suite, well_fixture)

BOOST_AUTO_TEST_CASE(the_prefetch_saves_the_round_trip) {
  well.answers = {{"/v1/prefetch", 200, answer_for_abc, 0}, {"/v1/scenes/abc", 200, answer_for_abc, 0}};
  auto played = play(R"("scene":"abc","package_ms":100,"network_ms":200,"wait_ms":10000)");
  const auto& with = played.at("with_prefetch");
  BOOST_TEST(with.at("source") == "prefetch");
  BOOST_TEST(with.at("opens") == "p?a=1");
  BOOST_TEST(with.at("request").is_null());
  BOOST_TEST(with.at("prefetch").at("status") == 200);
  const auto& without = played.at("without_prefetch");
  BOOST_TEST(without.at("source") == "request");
  BOOST_TEST(without.at("opens") == "p?a=1");
  BOOST_TEST(without.at("prefetch").is_null());
  BOOST_TEST(without.at("opened_ms").to_number<double>() >= 300);
  BOOST_TEST(played.at("saved_ms").is_number());
  BOOST_TEST(well.asked().size() == 2U);
  BOOST_TEST(well.asked()[0].starts_with("/v1/prefetch?appid="));
}

BOOST_AUTO_TEST_CASE(a_prefetch_for_another_code_is_not_used) {
  well.answers = {{"/v1/prefetch", 200, R"({"id":"old","url":"wrong"})", 0},
                  {"/v1/scenes/abc", 200, answer_for_abc, 0}};
  auto played = play(R"("scene":"abc","package_ms":0,"network_ms":0,"wait_ms":10000,"prefetch":"with")");
  BOOST_TEST(played.at("with_prefetch").at("source") == "request");
  BOOST_TEST(played.at("with_prefetch").at("opens") == "p?a=1");
  BOOST_TEST(!played.at("with_prefetch").at("prefetch").at("used").as_bool());
  BOOST_TEST(!played.contains("without_prefetch"));
}

BOOST_AUTO_TEST_CASE(a_prefetch_that_is_late_does_not_hold_the_page) {
  well.answers = {{"/v1/prefetch", 200, answer_for_abc, 600}, {"/v1/scenes/abc", 200, answer_for_abc, 0}};
  auto played = play(R"("scene":"abc","package_ms":0,"wait_ms":20,"network_ms":0,"prefetch":"with")");
  BOOST_TEST(played.at("with_prefetch").at("source") == "request");
  BOOST_TEST(played.at("with_prefetch").at("prefetch").at("problem") == "no answer by then");
}

BOOST_AUTO_TEST_CASE(a_prefetch_larger_than_wechat_keeps_is_not_used) {
  auto large = R"({"id":"abc","url":"p","pad":")" + std::string(256 * 1024, 'x') + "\"}";
  well.answers = {{"/v1/prefetch", 200, large, 0}, {"/v1/scenes/abc", 200, answer_for_abc, 0}};
  auto played = play(R"("scene":"abc","package_ms":0,"network_ms":0,"wait_ms":10000,"prefetch":"with")");
  BOOST_TEST(played.at("with_prefetch").at("source") == "request");
  BOOST_TEST(played.at("with_prefetch").at("prefetch").at("problem") == "the answer is larger than 262144 bytes");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away) {
  well.stop();
  auto played = play(R"("scene":"abc","package_ms":0,"network_ms":0)");
  BOOST_TEST(played.at("with_prefetch").at("outcome") == "away");
  BOOST_TEST(std::string{played.at("with_prefetch").at("why").as_string()}.starts_with("cannot connect to 127.0.0.1:"));
}

BOOST_AUTO_TEST_SUITE_END()
