#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"
#include "tools/wechat-sim/error_text.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;

namespace {

struct diagnosis_fixture : sim_fixture {
  std::string current = token();

  static std::string rid_of(const sim_answer& answer) {
    auto message = text(boost::json::parse(*answer.body), "errmsg");
    return message.substr(message.rfind(' ') + 1);
  }
  boost::json::value ask(const std::string& access_token, const std::string& rid) {
    return json(post("/cgi-bin/openapi/rid/get?access_token=" + access_token, R"({"rid":")" + rid + "\"}"));
  }
  std::string token_of_the_other() {
    return text(json(get("/cgi-bin/token?grant_type=client_credential&appid=wxtwo&secret=secret2")), "access_token");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(diagnosis_suite, diagnosis_fixture)

BOOST_AUTO_TEST_CASE(a_rid_can_be_looked_up_for_seven_days_by_its_app) {
  auto rid = rid_of(code(current, R"({"scene":""})"));
  auto shown = ask(current, rid);
  BOOST_TEST(shown.at("errcode").as_int64() == 0);
  const auto& request = shown.at("request");
  BOOST_TEST(request.at("invoke_time").as_int64() == now_us / second_us);
  BOOST_TEST(text(request, "request_body") == R"({"scene":""})");
  BOOST_TEST(text(request, "response_body").find("40169") != std::string::npos);
  BOOST_TEST(text(request, "client_ip") == "127.0.0.1");
  BOOST_TEST(ask(token_of_the_other(), rid).at("errcode").as_int64() == 76003);
  pass_s(7 * 86400);
  BOOST_TEST(ask(token(), rid).at("errcode").as_int64() == 0);
  pass_s(1);
  BOOST_TEST(ask(token(), rid).at("errcode").as_int64() == 76004);
}

BOOST_AUTO_TEST_CASE(a_rid_that_is_none_or_unknown) {
  BOOST_TEST(ask(current, "nonsense").at("errcode").as_int64() == 76002);
  BOOST_TEST(ask(current, "6ab13b80-00000000-0000000g").at("errcode").as_int64() == 76002);
  BOOST_TEST(ask(current, "6ab13b80-00000000-00000000").at("errcode").as_int64() == 76001);
}

BOOST_AUTO_TEST_CASE(neither_tokens_nor_secrets_are_kept_under_a_rid) {
  auto rid = rid_of(code(current, "nonsense"));
  BOOST_TEST(boost::json::serialize(ask(current, rid)).find(current) == std::string::npos);
  set_fault(R"({"kind":"error","on":"token","count":1})");
  auto refused =
      post("/cgi-bin/stable_token", R"({"grant_type":"client_credential","appid":"wxone","secret":"secret1"})");
  auto shown = boost::json::serialize(ask(current, rid_of(refused)));
  BOOST_TEST(shown.find(R"("errcode":0)") != std::string::npos);
  BOOST_TEST(shown.find("secret1") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_number_of_rids_is_bounded) {
  auto first = rid_of(code(current, "{}"));
  set_fault(R"({"kind":"limit","per_minute":100000})");
  for (std::size_t i = 0; i < rid_log::entries_max; ++i) code(current, "{}");
  BOOST_TEST(ask(current, first).at("errcode").as_int64() == 76001);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_on_the_list) {
  set_fault(R"({"kind":"ip_list","allow":["10.0.0.1"]})");
  auto refused = code(current, R"({"scene":"a"})");
  BOOST_TEST(errcode(refused) == 40164);
  BOOST_TEST(
      text(json(refused), "errmsg").starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "));
  BOOST_TEST(stable().at("errcode").as_int64() == 40164);
  BOOST_TEST(ordinary().at("errcode").as_int64() == 40164);
  BOOST_TEST(state_of(0).at("charged").as_int64() == 0);
  client_ip = "10.0.0.1";
  BOOST_TEST(outcome(current) == 0);
  client_ip = "127.0.0.1";
  set_fault(R"({"kind":"ip_list","allow":[]})");
  BOOST_TEST(outcome(current) == 0);
}

BOOST_AUTO_TEST_CASE(the_addresses_of_the_hosts) {
  core.listening_on("127.0.0.1:1");
  core.listening_on("127.0.0.1:2");
  core.listening_on("127.0.0.2:1");
  auto answer = get("/cgi-bin/get_api_domain_ip?access_token=" + current);
  BOOST_TEST(*answer.body == R"({"ip_list":["127.0.0.1","127.0.0.2"]})");
  BOOST_TEST(errcode(get("/cgi-bin/get_api_domain_ip")) == 41001);
}

BOOST_AUTO_TEST_CASE(documented_codes_have_their_texts) {
  for (int code :
       {40001, 40002, 40013, 40014, 40066, 40097, 40125, 40129, 40159, 40164, 40169, 40243, 41001, 41002, 41004,
        41030, 42001, 43001, 43002, 44002, 44990, 45002, 45009, 45011, 45029, 45035, 47001, 48001, 48004, 48006,
        50002, 50004, 50007, 61004, 76001, 76002, 76003, 76004, 76021, 76022, 85096, 89503, 89506, 89507})
    BOOST_TEST(error_text(code) != "system error", code);
  BOOST_TEST(error_text(-1) == "system error");
}

BOOST_AUTO_TEST_CASE(any_code_can_be_provoked_on_either_kind_of_call) {
  for (int code : {40243, 50004, 50007, 89503, 89506, 89507, 48001, 61004, 45063}) {
    auto fault = R"({"kind":"error","count":1,"code":)" + std::to_string(code);
    BOOST_TEST(set_fault(fault + "}") == 200U);
    BOOST_TEST(outcome(current) == code);
    BOOST_TEST(set_fault(fault + R"(,"on":"token"})") == 200U);
    BOOST_TEST(stable().at("errcode").as_int64() == code);
  }
}

BOOST_AUTO_TEST_SUITE_END()
