#include "actors/scan_server/landing_page.hpp"
#include "actors/scan_server/scan_ask.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

const std::string id = "aBcDeFgHiJ0123456789";
const http::link_prefixes prefixes{{"https://q.example.cn/", "https://old.example.cn/qr/", "https://q.example.cn/q/"}};

caf::expected<scan_ask> ask(const std::string& target, const std::string& host = "qr.example.com") {
  http_request request;
  request.target = target;
  request.host = host;
  return read_scan(request, prefixes);
}

void check(const caf::expected<scan_ask>& got, uint32_t launch, scan_form form) {
  BOOST_REQUIRE_MESSAGE(got, render(got ? caf::error{} : got.error()));
  BOOST_TEST(got->id == id);
  BOOST_TEST(got->launch == launch);
  BOOST_TEST((got->form == form));
}

} // namespace

BOOST_AUTO_TEST_SUITE(scan_asks)

BOOST_AUTO_TEST_CASE(a_middle_page_names_the_id_or_the_whole_link) {
  check(ask("/v1/scenes/" + id), 0, scan_form::scene);
  check(ask("/v1/scenes/" + id + "?launch=1047"), 1047, scan_form::scene);
  check(ask("/v1/scenes?q=https://q.example.cn/" + id + "&launch=1011"), 1011, scan_form::scene);
  check(ask("/v1/scenes?launch=1011&q=https%3A%2F%2Fq.example.cn%2F" + id), 1011, scan_form::scene);
  check(ask("/v1/scenes?q=https%253A%252F%252Fq.example.cn%252F" + id), 0, scan_form::scene);
}

BOOST_AUTO_TEST_CASE(wechat_asks_ahead_with_the_query_that_the_page_will_get) {
  auto sent = "/v1/prefetch?appid=wx1&token=t&timestamp=1&path=pages%2Fqr%2Findex&scene=1047&query=";
  check(ask(sent + std::string("scene%3D") + id), 1047, scan_form::scene);
  check(ask(sent + std::string("a%3D1%26scene%3D") + id), 1047, scan_form::scene);
  check(ask(sent + std::string("q%3Dhttps%253A%252F%252Fq.example.cn%252F") + id), 1047, scan_form::scene);
  check(ask(sent + std::string("scene%3DaBcDeFgHiJ%2530123456789")), 1047, scan_form::scene); // encoded once more
}

BOOST_AUTO_TEST_CASE(a_browser_lands_under_q_and_under_every_prefix) {
  check(ask("/q/" + id), 0, scan_form::landing);
  check(ask("/" + id, "q.example.cn"), 0, scan_form::landing);
  check(ask("/" + id + "?from=x", "Q.Example.CN"), 0, scan_form::landing);
  check(ask("/qr/" + id, "old.example.cn"), 0, scan_form::landing);
}

BOOST_AUTO_TEST_CASE(wechat_finds_its_check_file_though_a_code_could_stand_there) {
  for (auto* path : {"/Ab3xYz.txt", "/q/Ab3xYz.txt"}) {
    auto got = ask(path, "q.example.cn");
    BOOST_REQUIRE(got);
    BOOST_TEST((got->form == scan_form::file));
    BOOST_TEST(got->id == std::string("q.example.cn") + path);
  }
  BOOST_TEST((ask("/q/Ab3xYz.txt")->form == scan_form::landing), "not a host of ours");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  auto code = [](const caf::expected<scan_ask>& got) { return got ? ec::none : code_of(got.error()); };
  BOOST_TEST((code(ask("/v1/scenes")) == ec::invalid_request));
  BOOST_TEST((code(ask("/v1/scenes?q=")) == ec::invalid_request));
  BOOST_TEST((code(ask("/v1/scenes?q=https://example.com/")) == ec::unknown_code));
  BOOST_TEST((code(ask("/v1/prefetch")) == ec::invalid_request));
  BOOST_TEST((code(ask("/v1/prefetch?query=a%3D1")) == ec::invalid_request));
  BOOST_TEST((code(ask("/" + id)) == ec::not_found), "not one of our prefixes");
  BOOST_TEST((code(ask("/" + id, "old.example.cn")) == ec::not_found), "its prefix has a path");
  BOOST_TEST((code(ask("/v1/scenes/%zz")) == ec::invalid_request));
}

BOOST_AUTO_TEST_CASE(a_landing_page_says_what_to_do_in_two_languages_and_loads_nothing) {
  for (auto what : {ec::none, ec::unknown_code, ec::revoked, ec::expired, ec::unavailable}) {
    auto page = landing_page(what);
    BOOST_TEST(page.starts_with("<!doctype html>"));
    BOOST_TEST(page.find("lang=\"zh-CN\"") != std::string::npos);
    BOOST_TEST(page.find("lang=\"en\"") != std::string::npos);
    for (auto* foreign : {"http:", "https:", "src=", "<script", "@import", "url("})
      BOOST_TEST(page.find(foreign) == std::string::npos, foreign);
  }
  BOOST_TEST(landing_page(ec::revoked).find("withdrawn") != std::string::npos);
  BOOST_TEST(landing_page(ec::expired).find("expired") != std::string::npos);
  BOOST_TEST(landing_page(ec::unavailable).find("try again") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
