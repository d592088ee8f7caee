#include "tests/support/temp_dir.hpp"
#include "tools/qrload/response_reader.hpp"
#include "tools/qrload/tally.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace qrwell::load;
using qrwell::secret;

namespace {

load_options options_with_key() {
  load_options out;
  out.key = secret("qw_test_key");
  return out;
}

std::string body_of(const order& o) {
  return o.bytes.substr(o.bytes.find("\r\n\r\n") + 4);
}

} // namespace

BOOST_AUTO_TEST_SUITE(reader)

BOOST_AUTO_TEST_CASE(answers_are_read_from_any_pieces) {
  std::string text = "HTTP/1.1 201 Created\r\nServer: x\r\ncontent-LENGTH:  5 \r\n\r\nhello";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    response_reader r;
    auto last = response_reader::state::more;
    for (size_t at = 0; at < text.size(); at += piece) {
      BOOST_CHECK(last == response_reader::state::more);
      last = r.feed(std::string_view(text).substr(at, piece));
    }
    BOOST_CHECK(last == response_reader::state::done);
    BOOST_TEST(r.status() == 201);
    BOOST_TEST(r.body() == "hello");
    BOOST_TEST(r.keep_alive());
    BOOST_TEST(!r.next());
  }
}

BOOST_AUTO_TEST_CASE(one_answer_follows_another) {
  response_reader r;
  BOOST_CHECK(r.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na") ==
              response_reader::state::done);
  BOOST_TEST(!r.keep_alive());
  BOOST_TEST(!r.next());
  BOOST_CHECK(r.feed("HTTP/1.1 204 No Content\r\n\r\n") == response_reader::state::done);
  BOOST_TEST(r.status() == 204);
  BOOST_TEST(r.keep_alive());
  r.next();
  BOOST_CHECK(r.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab") == response_reader::state::done);
  BOOST_TEST(r.next(), "a byte too many is noticed");
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_bad) {
  for (std::string_view text :
       {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
    response_reader r;
    BOOST_CHECK(r.feed(text) == response_reader::state::bad);
  }
  response_reader r;
  BOOST_CHECK(r.feed(std::string(response_reader::head_bytes_max + 1, 'x')) == response_reader::state::bad);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(workloads)

BOOST_AUTO_TEST_CASE(an_issue_request_is_whole) {
  auto options = options_with_key();
  options.pool = "night";
  workload work(options, "127.0.0.1:80", "tag", 1);
  work.restrict_to(mix::issue);
  auto o = work.next();
  BOOST_TEST(
      o.bytes.starts_with("POST /v1/codes HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer qw_test_key\r\n"));
  auto body = boost::json::parse(body_of(o)).as_object();
  BOOST_TEST(body.at("path").as_string() == o.path);
  BOOST_TEST(body.at("pool").as_string() == "night");
  BOOST_TEST(o.bytes.find(fmt::format("Content-Length: {}\r\n", body_of(o).size())) != std::string::npos);
  BOOST_TEST(o.bytes.find("Idempotency-Key") == std::string::npos);
  BOOST_TEST(work.next().path != o.path, "each target is one of a kind");
}

BOOST_AUTO_TEST_CASE(the_shares_are_kept) {
  auto options = options_with_key();
  options.scan_share = 0.25;
  options.idempotency = 0.5;
  workload work(options, "h", "t", 1);
  BOOST_CHECK(work.next().kind == kind::issue); // nothing to scan yet
  work.remember({"aaaaaaaaaaaaaaaaaaaa", "p"});
  int scans = 0, keys = 0, issues = 0;
  for (int i = 0; i < 10'000; ++i) {
    auto o = work.next();
    scans += o.kind == kind::scan;
    issues += o.kind == kind::issue;
    keys += o.bytes.find("Idempotency-Key: t-") != std::string::npos;
  }
  BOOST_TEST((scans > 2'300 && scans < 2'700), scans);
  BOOST_TEST(std::abs(keys - issues / 2) < 300);
}

BOOST_AUTO_TEST_CASE(answers_are_held_to_what_was_asked) {
  workload work(options_with_key(), "h", "t", 1);
  work.restrict_to(mix::issue);
  auto o = work.next();
  auto right = fmt::format(R"({{"request_id":"x","id":"aaaaaaaaaaaaaaaaaaaa","path":"{}"}})", o.path);
  known_code learned;
  BOOST_TEST(work.judge(o, 201, right, learned) == "");
  BOOST_TEST(learned.id == "aaaaaaaaaaaaaaaaaaaa");
  BOOST_TEST(learned.path == o.path);
  BOOST_TEST(work.judge(o, 503, right, learned) == "refused");
  BOOST_TEST(work.judge(o, 201, R"({"id":"aaaaaaaaaaaaaaaaaaaa","path":"other"})", learned) == "wrong_target");
  BOOST_TEST(work.judge(o, 201, "{}", learned) == "no_id");
  work.restrict_to(mix::scan);
  work.remember(learned);
  auto s = work.next();
  BOOST_TEST(s.bytes == "GET /v1/scenes/aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(work.judge(s, 200, R"({"path":")" + o.path + R"("})", learned) == "");
  BOOST_TEST(work.judge(s, 200, R"({"path":"other"})", learned) == "wrong_target");
  BOOST_TEST(work.judge(s, 404, "", learned) == "refused");
}

BOOST_AUTO_TEST_CASE(ids_are_read_back_but_for_half_a_line) {
  qrwell::test::temp_dir dir;
  std::ofstream(dir / "ids") << "aaaaaaaaaaaaaaaaaaaa pages/a b\nbbbbbbbbbbbbbbbbbbbb\n\nshort x\ncccccccccc";
  auto ids = read_ids(dir / "ids");
  BOOST_TEST_REQUIRE(ids.size() == 2u);
  BOOST_TEST(ids[0].path == "pages/a b");
  BOOST_TEST(ids[1].id == "bbbbbbbbbbbbbbbbbbbb");
}

BOOST_AUTO_TEST_CASE(rates_have_units) {
  BOOST_TEST(*read_rate("5000") == 5'000);
  BOOST_TEST(*read_rate("5000/s") == 5'000);
  BOOST_TEST(*read_rate("300/min") == 5);
  for (auto* wrong : {"", "0", "-1", "5/h", "x", "1e9", "nan"}) BOOST_TEST(!read_rate(wrong));
}

BOOST_AUTO_TEST_CASE(only_this_machine_is_a_target_by_itself) {
  std::string problem;
  BOOST_TEST(find_target("http://127.0.0.1:8080", problem)->loopback);
  BOOST_TEST(find_target("http://[::1]:8080", problem)->loopback);
  BOOST_TEST(!find_target("http://192.0.2.1:8080", problem)->loopback);
  BOOST_TEST(!find_target("https://127.0.0.1", problem));
  BOOST_TEST(!find_target("http://127.0.0.1/path", problem));
}

BOOST_AUTO_TEST_CASE(results_are_json_too) {
  tally t;
  t.elapsed_s = 2;
  t.of(kind::issue).sent = 10;
  t.of(kind::issue).ok = 8;
  t.of(kind::issue).by_status[503] = 2;
  t.of(kind::issue).errors["refused"] = 2;
  t.of(kind::issue).times.add(1'000'000);
  auto out = boost::json::parse(t.json()).as_object();
  auto& issue = out.at("issue").as_object();
  BOOST_TEST(issue.at("ok").as_int64() == 8);
  BOOST_TEST(issue.at("ok_per_s").as_double() == 4);
  BOOST_TEST(issue.at("by_status").at("503").as_int64() == 2);
  BOOST_TEST(std::abs(issue.at("times_ms").at("p50").as_double() - 1) < 0.01);
  BOOST_TEST(t.text().find("issue status 503: 2") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
