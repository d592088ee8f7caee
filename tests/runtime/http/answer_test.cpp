#include "runtime/http/answer.hpp"

#include "runtime/http/json.hpp"
#include "runtime/http/problem.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace qrwell;
using namespace qrwell::http;

namespace {

std::string text(const http_answers& a, size_t i = 0) {
  return a.arena.substr(a.answers[i].offset, a.answers[i].size);
}

bool has(const std::string& in, std::string_view part) {
  return in.find(part) != std::string::npos;
}

std::string problem_text(const problem& what, std::string_view id = "r1", bool head = false) {
  answer_writer w;
  w.add_problem({1, 2}, what, id, head);
  return text(w.take());
}

boost::json::value body_of(const std::string& answer) {
  return *parse_json(answer.substr(answer.find("\r\n\r\n") + 4));
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_suite)

BOOST_AUTO_TEST_CASE(answers_stand_one_behind_the_other_in_one_arena) {
  answer_writer w;
  BOOST_TEST(w.empty());
  w.add({7, 1}, 200, "application/json", "{}", "r1", {{"ETag", "\"3\""}, {"X-Empty", ""}});
  w.add({7, 2}, 200, "image/png", "12345", "", {}, true);
  w.add({8, 0}, 204, "", "", "r3", {{"connection", "Close"}});
  auto out = w.take();
  BOOST_TEST(w.empty());
  BOOST_TEST(out.answers.size() == 3u);
  BOOST_TEST(text(out, 0) == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-Request-Id: "
                             "r1\r\nETag: \"3\"\r\n\r\n{}");
  BOOST_TEST(text(out, 1) == "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(text(out, 2) == "HTTP/1.1 204 No Content\r\nX-Request-Id: r3\r\nconnection: Close\r\n\r\n");
  BOOST_TEST((out.answers[1].at == http_place{7, 2}));
  BOOST_TEST(!out.answers[0].close);
  BOOST_TEST(out.answers[2].close);
}

BOOST_AUTO_TEST_CASE(a_304_has_no_body_and_no_length) {
  answer_writer w;
  w.add({}, 304, "image/png", "12345", "", {{"ETag", "\"1\""}});
  BOOST_TEST(text(w.take()) == "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(no_value_can_forge_a_header) {
  answer_writer w;
  w.add({}, 200, "text/plain", "x", "a\r\nSet-Cookie: b", {{"Location", "/x\r\n\r\n<script>"}});
  auto answer = text(w.take());
  BOOST_TEST(!has(answer, "\r\nSet-Cookie"));
  BOOST_TEST(answer.find("\r\n\r\n") == answer.size() - 5);
}

BOOST_AUTO_TEST_CASE(a_problem_says_all_that_is_promised) {
  problem what{ec::rate_limited, "Key \"a\" may issue 10 codes a second."};
  what.retry_after_s = 3;
  auto answer = problem_text(what);
  BOOST_TEST(has(answer, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\n"));
  BOOST_TEST(has(answer, "\r\nRetry-After: 3\r\n"));
  BOOST_TEST(has(answer, "\r\nCache-Control: no-store\r\n"));
  BOOST_TEST(
      canonical_json(body_of(answer)) ==
      R"({"code":"rate_limited","detail":"Key \"a\" may issue 10 codes a second.","request_id":"r1","retryable":true,"status":429,)"
      R"("title":"Past a limit","type":"/problems/rate_limited"})");
}

BOOST_AUTO_TEST_CASE(a_problem_of_http_itself_has_its_own_code) {
  problem what{ec::invalid_request, "The resource has the methods GET."};
  what.status = 405;
  what.allow = "GET, HEAD";
  what.close = true;
  auto answer = problem_text(what);
  BOOST_TEST(has(answer, "HTTP/1.1 405 Method Not Allowed"));
  BOOST_TEST(has(answer, "\r\nAllow: GET, HEAD\r\n"));
  BOOST_TEST(has(answer, "\r\nConnection: close\r\n"));
  BOOST_TEST(body_of(answer).at("code").as_string() == "method_not_allowed");
  BOOST_TEST(body_of(answer).at("status").as_int64() == 405);
  for (int status : {405, 406, 408, 413, 414, 415, 416, 417, 428, 431, 501, 505}) {
    BOOST_REQUIRE(kind_of_status(status) != nullptr);
    BOOST_TEST(reason_phrase(status) != "Unknown");
  }
  BOOST_TEST(kind_of_status(404) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_head_request_gets_the_length_and_no_body) {
  auto full = problem_text({ec::not_found, "None."}), head = problem_text({ec::not_found, "None."}, "r1", true);
  BOOST_TEST(full.substr(0, full.find("\r\n\r\n") + 4) == head);
}

BOOST_AUTO_TEST_CASE(a_head_answer_tells_a_length_without_the_bytes) {
  answer_writer w;
  w.add_head({1, 2}, "text/csv", 5'000'000'000, "r1", {{"ETag", "\"a\""}});
  BOOST_TEST(w.take().arena == "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 5000000000\r\n"
                               "X-Request-Id: r1\r\nETag: \"a\"\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(what_a_client_sent_cannot_break_the_body) {
  auto answer = problem_text({ec::invalid_request, "path \"\xff\x01\\\n\" is wrong"}, "id\"\xfe");
  BOOST_TEST(body_of(answer).at("code").as_string() == "invalid_request");
}

BOOST_AUTO_TEST_CASE(a_401_says_how_to_authenticate) {
  BOOST_TEST(has(problem_text({ec::unauthorized, ""}), "\r\nWWW-Authenticate: Bearer\r\n"));
}

BOOST_AUTO_TEST_CASE(every_error_has_the_status_of_the_contract) {
  std::map<ec, int> expected{
      {ec::invalid_request, 400},  {ec::unauthorized, 401},      {ec::forbidden, 403},    {ec::not_found, 404},
      {ec::unknown_code, 404},     {ec::revoked, 410},           {ec::expired, 410},      {ec::conflict, 409},
      {ec::version_mismatch, 412}, {ec::idempotency_reuse, 422}, {ec::rate_limited, 429}, {ec::overloaded, 503},
      {ec::out_of_stock, 503},     {ec::timeout, 503},           {ec::unavailable, 503},  {ec::store_busy, 503},
      {ec::store_failed, 503},     {ec::store_corrupt, 503},     {ec::disk_full, 503},    {ec::outcome_unknown, 503},
      {ec::shutting_down, 503},    {ec::internal, 500}};
  for (auto [code, status] : expected) BOOST_TEST(status_of(code) == status, to_string(code));
  for (int i = 1; i <= static_cast<int>(ec::internal); ++i) {
    auto& kind = kind_of(static_cast<ec>(i));
    BOOST_TEST(reason_phrase(kind.status) != "Unknown");
    // 503 and 429 promise that a retry makes sense, nothing else does.
    BOOST_TEST(kind.retryable == (kind.status == 503 || kind.status == 429), kind.code);
  }
  BOOST_TEST(kind_of(static_cast<ec>(200)).status == 500);
}

BOOST_AUTO_TEST_CASE(what_is_inside_of_the_node_stays_there) {
  const std::string inside =
      "store /data/qrwell.db: bind: database is locked (SQLite 5): another process holds its lock";
  for (auto code : {ec::store_busy, ec::store_failed, ec::store_corrupt, ec::disk_full, ec::not_leader, ec::locked,
                    ec::restored_copy, ec::invalid_config, ec::internal, ec::unavailable, ec::outcome_unknown}) {
    auto answer = problem_text({code, inside});
    BOOST_TEST(!has(answer, "/data"), to_string(code));
    BOOST_TEST(!has(answer, "SQLite"), to_string(code));
    BOOST_TEST(!body_of(answer).at("detail").as_string().empty(), to_string(code));
  }
  BOOST_TEST(has(problem_text({ec::unavailable, "the jobs are not read yet: try again"}), "not read yet"));
  BOOST_TEST(has(problem_text({ec::invalid_request, "store: not a field"}), "store: not a field"));
  BOOST_TEST(has(problem_text({ec::internal, "The link code could not be drawn."}), "could not be drawn"));
}

BOOST_AUTO_TEST_SUITE_END()
