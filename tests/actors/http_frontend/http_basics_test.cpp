#include "tests/actors/http_frontend/table_fixture.hpp"

// What HTTP/1.1 demands of a server (RFC 9110, 9112), as bytes in and bytes out.

using namespace qrwell;
using namespace qrwell::test;

namespace {

struct exchange {
  std::string name, bytes;
  int status = 0;          ///< of the first answer; 0: the request is given out
  std::string part = {};   ///< of all that is answered
  bool ends = false;       ///< the connection is ended by us
  std::string target = {}; ///< of the request that is given out
};

std::string post(std::string_view fields, std::string_view body = "") {
  return "POST /v1/codes HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

const std::string key = "Authorization: Bearer k\r\n";
const std::string x2000(2'000, 'x');

const exchange exchanges[] = {
    {"absolute form", "GET http://other/v1/scenes/a?b HTTP/1.1\r\nHost: h\r\n\r\n", 0, "", false, "/v1/scenes/a?b"},
    {"absolute form without a path", "GET http://other HTTP/1.1\r\nHost: h\r\n\r\n", 404},
    {"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 204,
     "\r\nAllow: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n"},
    {"asterisk form of another method", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, "", true},
    {"authority form", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501, "", true},
    {"HEAD", "HEAD /v1/codes/a/image HTTP/1.1\r\nHost: h\r\n\r\n", 0, "", false, "/v1/codes/a/image"},
    {"405 names the methods", "PUT /v1/codes/a HTTP/1.1\r\nHost: h\r\n\r\n", 405,
     "\r\nAllow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n"},
    {"405 of POST", "GET /v1/pools/p/fill HTTP/1.1\r\nHost: h\r\n\r\n", 405, "\r\nAllow: POST, OPTIONS\r\n"},
    {"OPTIONS", "OPTIONS /v1/scenes/a HTTP/1.1\r\nHost: h\r\n\r\n", 204, "\r\nAllow: GET, HEAD, OPTIONS\r\n"},
    {"a method of nobody", "BREW /v1/codes HTTP/1.1\r\nHost: h\r\n\r\n", 405},
    {"a method that is known and not had", "TRACE /v1/codes HTTP/1.1\r\nHost: h\r\n\r\n", 405},
    {"a path of nobody", "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 404},
    {"no Host", "GET /v1/scenes/a HTTP/1.1\r\n\r\n", 400, "Host", true},
    {"two Hosts", "GET /v1/scenes/a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, "Host", true},
    {"no Host in HTTP/1.0", "GET /v1/scenes/a HTTP/1.0\r\n\r\n", 0, "", false, "/v1/scenes/a"},
    {"another version", "GET /v1/scenes/a HTTP/2.0\r\nHost: h\r\n\r\n", 505, "", true},
    {"411 of what needs a body", post(""), 411, "length_required", true},
    {"what follows no length is not read", post("", "{\"path\":\"a\"}"), 411, "length_required", true},
    {"a length of nothing is one", post("Content-Length: 0\r\n"), 0, "", false, "/v1/codes"},
    {"a word too many", "GET /v1/scenes/a x HTTP/1.1\r\nHost: h\r\n\r\n", 400, "", true},
    {"a chunk's line without CR", post("Transfer-Encoding: chunked\r\n", "2\n{}\n0\n\n"), 400, "", true},
    {"no length is no body", "POST /v1/pools/p/resume HTTP/1.1\r\nHost: h\r\n\r\n", 0, "", false, "/v1/pools/p/resume"},
    {"escaped letters", "GET /v1/%73cenes/%61 HTTP/1.1\r\nHost: h\r\n\r\n", 0, "", false, "/v1/scenes/a"},
    {"an escaped slash is none", "GET /v1%2Fscenes/a HTTP/1.1\r\nHost: h\r\n\r\n", 404},
    {"dot segments", "GET /v1/scenes/../codes/a HTTP/1.1\r\nHost: h\r\n\r\n", 404},
    {"413", post("Content-Length: 65537\r\n"), 413, "body_too_large", true},
    {"413 of chunks", post("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413, "body_too_large", true},
    {"413 before 100", post("Expect: 100-continue\r\nContent-Length: 65537\r\n"), 413, "", true},
    {"414", "GET /" + x2000, 414, "target_too_long", true},
    {"431", "GET / HTTP/1.1\r\nHost: h\r\nX: " + x2000, 431, "header_too_large", true},
    {"417", post("Expect: 200-maybe\r\nContent-Length: 2\r\n", "{}"), 417, "expectation_failed", true},
    {"404 before 100", "POST /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 404,
     "", true},
    {"405 before 100", "PUT /v1/codes/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 405,
     "\r\nAllow: ", true},
    {"415 before 100", post(key + "Expect: 100-continue\r\nContent-Encoding: br\r\nContent-Length: 2\r\n"), 415, "",
     true},
    {"401 before 100", post("Expect: 100-continue\r\nContent-Length: 2\r\n"), 401, "\r\nWWW-Authenticate: Bearer",
     true},
    {"100", post(key + "Expect: 100-continue\r\nContent-Length: 2\r\n"), 100},
    {"100 of chunks", post(key + "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n"), 100},
    {"no 100 in HTTP/1.0", "POST /v1/codes HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 0, "", false,
     "nothing yet"},
    {"length and chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "", true},
    {"a coding of nobody", post("Transfer-Encoding: gzip, chunked\r\n"), 501, "", true},
    {"a body in a coding", post("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"), 415,
     "unsupported_media_type"},
    {"a body in no coding", post("Content-Encoding: Identity\r\nContent-Length: 2\r\n", "{}"), 0, "", false,
     "/v1/codes"},
    {"a coding of nothing", "GET /v1/scenes/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n", 0, "", false,
     "/v1/scenes/a"},
    {"not HTTP", "\x16\x03\x01\x02", 400, "", true},
    {"a key twice", post("Idempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: 2\r\n", "{}"), 400,
     "Idempotency-Key", true},
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_basics_suite, table_fixture)

BOOST_AUTO_TEST_CASE(each_request_has_its_answer) {
  int fd = 10;
  limits.connections_max = 1'000;
  make();
  for (const auto& x : exchanges) {
    auto& peer = open(++fd);
    say(x.bytes, fd);
    auto batches = table->take_batches();
    std::string target = "nothing yet";
    for (const auto& batch : batches)
      if (!batch.requests.empty()) target = batch.requests.front().target;
    BOOST_TEST_CONTEXT(x.name << " gave " << peer.taken) {
      if (x.status == 0)
        BOOST_TEST(target == x.target);
      else
        BOOST_TEST(peer.taken.starts_with("HTTP/1.1 " + std::to_string(x.status) + " "));
      BOOST_TEST(has(peer.taken, x.part));
      BOOST_TEST(peer.finished == x.ends);
      BOOST_TEST(has(peer.taken, "\r\nConnection: close\r\n") == x.ends);
      if (x.status > 100) BOOST_TEST(has(peer.taken, "\r\n" + date));
      if (x.status >= 400) {
        BOOST_TEST(has(peer.taken, "\r\nContent-Type: application/problem+json\r\n"));
        BOOST_TEST(has(peer.taken, "\"status\":" + std::to_string(x.status)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_answer_has_the_date_of_its_sending) {
  auto& peer = open();
  table->hot().put({"abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, 0});
  say(scan("slow") + scan("abc"));
  auto got = given();
  wall += 2'000;
  answer(got[0].at, "a");
  auto later_date = "Date: Fri, 15 Jan 2027 08:00:02 GMT\r\n";
  auto first = peer.taken.find(later_date);
  BOOST_TEST(first == peer.taken.find("\r\n") + 2);
  BOOST_TEST(peer.taken.find(later_date, first + 1) != std::string::npos);
  BOOST_TEST(!has(peer.taken, date));
}

BOOST_AUTO_TEST_CASE(http_1_0_ends_after_its_answer) {
  auto& peer = open();
  say("GET /v1/scenes/a HTTP/1.0\r\n\r\n" + scan("b"));
  auto got = given();
  BOOST_REQUIRE(got.size() == 1u);
  answer(got[0].at, "a");
  BOOST_TEST(bodies(peer.taken) == list{"a"});
  BOOST_TEST(has(peer.taken, "\r\nConnection: close\r\n"));
  BOOST_TEST(peer.is_closed);
}

BOOST_AUTO_TEST_CASE(http_1_0_goes_on_if_it_asks_and_is_told_so) {
  auto& peer = open();
  std::string asks = "GET /v1/scenes/a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
  say(asks + asks);
  auto got = given();
  BOOST_REQUIRE(got.size() == 2u);
  answer(got[1].at, "b");
  answer(got[0].at, "a");
  BOOST_TEST(bodies(peer.taken) == (list{"a", "b"}));
  auto first = peer.taken.find("\r\nConnection: keep-alive\r\n");
  BOOST_TEST(peer.taken.find("\r\nConnection: keep-alive\r\n", first + 1) != std::string::npos);
  BOOST_TEST(!has(peer.taken, "Connection: close"));
  BOOST_TEST(!peer.is_closed);
  say(asks);
  answer(given()[0].at, "c", true); // whoever answers may end it
  BOOST_TEST(!has(peer.taken.substr(peer.taken.rfind("HTTP/1.1 ")), "keep-alive"));
  BOOST_TEST(has(peer.taken, "\r\nConnection: close\r\n"));
}

BOOST_AUTO_TEST_CASE(pages_of_any_origin_may_ask_for_scenes_and_for_nothing_else) {
  std::string preflight = "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n";
  for (auto path : {"/v1/scenes/a", "/v1/scenes?q=b", "/v1/prefetch"}) {
    auto& peer = open();
    say("OPTIONS " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + preflight + "\r\n");
    for (auto line : {"HTTP/1.1 204 ", "\r\nAccess-Control-Allow-Origin: *\r\n",
                      "\r\nAccess-Control-Allow-Methods: GET, HEAD\r\n", "\r\nAllow: GET, HEAD, OPTIONS\r\n"})
      BOOST_TEST(has(peer.taken, line), path << " " << peer.taken);
    BOOST_TEST(!has(peer.taken, "Allow-Credentials"));
  }
  for (auto path : {"/v1/codes", "/v1/codes/a", "/q/a", "*"}) {
    auto& peer = open();
    say("OPTIONS " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + preflight + "\r\n");
    BOOST_TEST(has(peer.taken, "HTTP/1.1 204 "), path);
    BOOST_TEST(!has(peer.taken, "Access-Control"), path);
  }
  auto& peer = open();
  say("POST /v1/scenes/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 405 "));
  BOOST_TEST(has(peer.taken, "\r\nAccess-Control-Allow-Origin: *\r\n")); // or the page could not read why
  BOOST_TEST(has(peer.taken, "\r\nAccess-Control-Expose-Headers: Retry-After, X-Request-Id\r\n"));
}

BOOST_AUTO_TEST_CASE(a_client_is_known_by_what_trusted_proxies_say_and_nobody_else) {
  std::string lies = "X-Forwarded-For: 9.9.9.9\r\nForwarded: for=8.8.8.8\r\n";
  open();
  say(scan("a", lies));
  BOOST_TEST(given()[0].peer == "1.2.3.4");
  table->set_proxies(*http::trusted_proxies::of({"10.0.0.0/8"}, http::forwarded_field::x_forwarded_for));
  open();
  say(scan("a", lies));
  BOOST_TEST(given()[0].peer == "1.2.3.4");
  table->set_proxies(*http::trusted_proxies::of({"1.2.3.0/24"}, http::forwarded_field::x_forwarded_for));
  open();
  say(scan("a", lies) + scan("b") + scan("c", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 198.51.100.7\r\n"));
  auto got = given();
  BOOST_TEST(got[0].peer == "9.9.9.9");
  BOOST_TEST(got[1].peer == "1.2.3.4"); // each request has its own client
  BOOST_TEST(got[2].peer == "198.51.100.7");
  BOOST_TEST(n.malformed_forwarded.load() == 0u);
  open();
  say(scan("a", "X-Forwarded-For: 9.9.9.9, ../etc\r\n"));
  BOOST_TEST(given()[0].peer == "1.2.3.4");
  BOOST_TEST(n.malformed_forwarded.load() == 1u);
  table->set_proxies(*http::trusted_proxies::of({"1.2.3.4"}, http::forwarded_field::forwarded));
  open();
  say(scan("a", lies));
  BOOST_TEST(given()[0].peer == "8.8.8.8");
}

BOOST_AUTO_TEST_CASE(who_may_see_times_is_told_the_whole) {
  auto& peer = open();
  say(scan("a") + scan("b"));
  auto got = given();
  later(40);
  http::answer_writer w;
  w.set_lines("Server-Timing: work;dur=7\r\n", true);
  w.add(got[0].at, 200, "text/plain", "a", "");
  w.set_lines({}, false);
  w.add(got[1].at, 200, "text/plain", "b", "");
  table->answer(w.take(), now, wall);
  BOOST_TEST(bodies(peer.taken) == (list{"a", "b"}));
  auto second = peer.taken.find("HTTP/1.1 ", 9);
  BOOST_TEST(has(peer.taken.substr(0, second), "\r\nServer-Timing: total;dur=40\r\n"));
  BOOST_TEST(has(peer.taken.substr(0, second), "\r\nServer-Timing: work;dur=7\r\n"));
  BOOST_TEST(!has(peer.taken.substr(second), "Server-Timing"));
}

BOOST_AUTO_TEST_CASE(who_takes_gzip_is_known) {
  open();
  say(scan("a", "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n") + scan("b", "Accept-Encoding: gzip;q=0\r\n") +
      scan("c"));
  auto got = given();
  BOOST_TEST(got[0].gzip);
  BOOST_TEST(!got[1].gzip);
  BOOST_TEST(!got[2].gzip);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_of_all_kinds_are_answered_in_order) {
  limits.pipelined_max = 100;
  limits.unsent_bytes_max = 100'000;
  make();
  auto& peer = open();
  table->hot().put({"hot", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, 0});
  say(scan("0") + scan("hot") + post("Content-Length: 2\r\n", "{}") + "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n" +
      "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" + post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n") +
      scan("6", "Connection: close\r\n") + scan("never"));
  auto batches = table->take_batches();
  std::vector<http_place> places;
  for (const auto& batch : batches)
    for (const auto& r : batch.requests) places.push_back(r.at);
  BOOST_REQUIRE(places.size() == 4u);
  std::sort(places.begin(), places.end(), [](auto& a, auto& b) { return a.number > b.number; });
  for (const auto& at : places) answer(at, std::to_string(at.number)); // last first
  auto all = bodies(peer.taken);
  BOOST_REQUIRE(all.size() == 7u);
  BOOST_TEST(all[0] == "0");
  BOOST_TEST(all[1] == "hot");
  BOOST_TEST(all[2] == "2");
  BOOST_TEST(all[3] == "");
  BOOST_TEST(has(all[4], "\"status\":404"));
  BOOST_TEST(all[5] == "5");
  BOOST_TEST(all[6] == "6");
  BOOST_TEST(peer.is_closed);
}

BOOST_AUTO_TEST_CASE(an_empty_idempotency_key_is_told_from_none) {
  open();
  say(post("Content-Length: 2\r\n", "{}") + post("Idempotency-Key:\r\nContent-Length: 2\r\n", "{}") +
      post("Idempotency-Key:  \t\r\nContent-Length: 2\r\n", "{}"));
  auto got = given(request_class::issue);
  BOOST_REQUIRE(got.size() == 3u);
  BOOST_TEST(!got[0].idempotency_key_sent);
  BOOST_TEST(got[1].idempotency_key_sent);
  BOOST_TEST(got[2].idempotency_key_sent);
  for (const auto& r : got) BOOST_TEST(r.idempotency_key == "");
}

BOOST_AUTO_TEST_CASE(range_and_if_range_are_passed_on) {
  open();
  say("GET /v1/codes/a/image HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nIf-Range: \"x\"\r\n\r\n");
  auto got = given(request_class::code);
  BOOST_REQUIRE(got.size() == 1u);
  BOOST_TEST(got[0].range == "bytes=0-1");
  BOOST_TEST(got[0].if_range == "\"x\"");
}

BOOST_AUTO_TEST_SUITE_END()
