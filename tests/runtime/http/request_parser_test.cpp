#include "runtime/http/request_parser.hpp"

#include "runtime/http/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace qrwell;
using namespace qrwell::http;
using result = request_parser::result;

namespace {

constexpr std::string_view host = "Host: a\r\n";

parse_limits small() {
  parse_limits l;
  l.header_bytes_max = 1'024;
  l.body_bytes_max = 100;
  l.batch_body_bytes_max = 1'000;
  l.is_batch = &is_batch;
  return l;
}

// "done METHOD TARGET HOST BODY", "more" or "bad STATUS".
std::string outcome(std::string_view in, parse_limits limits = small(), size_t* used = nullptr) {
  parse_progress progress;
  request_parser r;
  switch (r.parse(in, progress, limits)) {
  case result::more:
    return "more";
  case result::bad:
    return "bad " + std::to_string(r.status());
  case result::done:
    break;
  }
  if (used) *used = r.used;
  return "done " + std::string(r.target) + " " + std::string(r.host) + " " + std::string(r.body) +
         (r.last ? " last" : "");
}

std::string get(std::string_view fields, std::string_view target = "/x") {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

// Feeds a byte at a time, as a table does: no call with fewer bytes than were asked for.
std::string byte_by_byte(const std::string& in, size_t& calls) {
  parse_progress progress;
  for (size_t n = 1; n <= in.size(); ++n) {
    if (n < progress.need) continue;
    ++calls;
    request_parser r;
    auto res = r.parse(std::string_view(in).substr(0, n), progress, small());
    if (res == result::bad) return "bad " + std::to_string(r.status());
    if (res == result::done)
      return "done " + std::string(r.target) + " " + std::string(r.host) + " " + std::string(r.body) +
             (r.last ? " last" : "");
  }
  return "more";
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_parser_suite)

BOOST_AUTO_TEST_CASE(a_request_is_taken_apart) {
  std::string in = "POST /v1/codes?x=1 HTTP/1.1\r\nHost: qr.example.com:8080\r\nauthorization: Bearer "
                   "k\r\nContent-Type: application/json\r\n"
                   "IDEMPOTENCY-KEY: i1\r\nIf-Match: \"3\"\r\nRange: bytes=0-1\r\nX-Request-Id: r1\r\nAccept: "
                   "image/*\r\nAccept: text/html\r\n"
                   "If-None-Match: \"a\"\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nContent-Length: "
                   "2\r\n\r\n{}GET /next";
  parse_progress progress;
  request_parser r;
  BOOST_REQUIRE(r.parse(in, progress, small()) == result::done);
  BOOST_TEST((r.method == http_method::post));
  BOOST_TEST(r.target == "/v1/codes?x=1");
  BOOST_TEST(r.host == "qr.example.com:8080");
  BOOST_TEST(r.authorization == "Bearer k");
  BOOST_TEST(r.content_type == "application/json");
  BOOST_TEST(r.idempotency_key == "i1");
  BOOST_TEST(r.if_match == "\"3\"");
  BOOST_TEST(r.range == "bytes=0-1");
  BOOST_TEST(r.request_id == "r1");
  BOOST_TEST(r.accept == "image/*, text/html");
  BOOST_TEST(r.if_none_match == "\"a\"");
  BOOST_TEST(r.forwarded_for == "1.2.3.4, 5.6.7.8");
  BOOST_TEST(r.body == "{}");
  BOOST_TEST(!r.last);
  BOOST_TEST(in.substr(r.used) == "GET /next");
}

BOOST_AUTO_TEST_CASE(every_method_is_told_apart) {
  std::map<std::string, http_method> methods{
      {"GET", http_method::get},         {"HEAD", http_method::head},   {"POST", http_method::post},
      {"PUT", http_method::put},         {"PATCH", http_method::patch}, {"DELETE", http_method::del},
      {"OPTIONS", http_method::options}, {"BREW", http_method::other},  {"get", http_method::other}};
  for (const auto& [name, method] : methods) {
    parse_progress progress;
    request_parser r;
    auto in = name + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    if (name == "get") continue;
    BOOST_REQUIRE((r.parse(in, progress, small()) == result::done));
    BOOST_TEST((r.method == method), name);
  }
}

BOOST_AUTO_TEST_CASE(who_ends_the_connection_is_known) {
  BOOST_TEST(outcome(get(host)) == "done /x a ");
  BOOST_TEST(outcome(get("Host: a\r\nConnection: close\r\n")) == "done /x a  last");
  BOOST_TEST(outcome(get("Host: a\r\nConnection: Keep-Alive, Close\r\n")) == "done /x a  last");
  BOOST_TEST(outcome("GET /x HTTP/1.0\r\n\r\n") == "done /x   last");
  BOOST_TEST(outcome("GET /x HTTP/1.0\r\nHost: b\r\nConnection: keep-alive\r\n\r\n") == "done /x b ");
}

BOOST_AUTO_TEST_CASE(targets_come_in_three_forms) {
  BOOST_TEST(outcome(get(host, "http://Other:80/y?z=1")) == "done /y?z=1 Other:80 ");
  BOOST_TEST(outcome(get(host, "HTTPS://other")) == "done / other ");
  BOOST_TEST(outcome("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == "done * a ");
  for (auto target :
       {"*", "x", "http:/x", "http://", "http:///x", "http://u@h/x", "http://h?x", "ftp://h/x", "h:80", "?x"})
    BOOST_TEST(outcome(get(host, target)) == "bad 400", target);
  BOOST_TEST(outcome("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n") == "bad 501");
}

BOOST_AUTO_TEST_CASE(where_a_request_ends_is_never_in_doubt) {
  const char* chunk = "5\r\nhello\r\n0\r\n\r\n";
  // Two lengths, or a length that is no number.
  for (auto fields :
       {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n", "Content-Length: \r\n", "Content-Length: 5;a\r\n",
        "Content-Length: 99999999999999999999999\r\n", "Content-Length: 5\x0b\r\n"})
    BOOST_TEST(outcome(post(fields, "hello")) == "bad 400", fields);
  // Length and chunks, in both orders and in disguise.
  for (auto fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding : chunked\r\n", "Transfer-Encoding\t: chunked\r\n", " Transfer-Encoding: chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n", "X: y\nTransfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding\r\n: chunked\r\n",
        "Transfer-\x01"
        "Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Content Length: 5\r\n", ": x\r\n", "X\r\n"}) {
    auto got = outcome(post(fields, chunk));
    BOOST_TEST(got == "bad 400", fields << " gave " << got);
  }
  for (auto value : {"chunked, identity", "identity", "gzip", "gzip, chunked", "xchunked", "chunked;q=1", "\"chunked\"",
                     "chunked\x0b"}) {
    auto got = outcome(post("Transfer-Encoding: " + std::string(value) + "\r\n", chunk));
    BOOST_TEST((got == "bad 501" || got == "bad 400"), value << " gave " << got);
  }
  BOOST_TEST(outcome("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunk)) == "bad 400");
  BOOST_TEST(outcome(post("Transfer-Encoding: Chunked\r\n", chunk)) == "done /x a hello");
  BOOST_TEST(outcome(post("Content-Length: 005\r\n", "hello")) == "done /x a hello");
}

BOOST_AUTO_TEST_CASE(chunks_are_joined) {
  auto chunked = [](std::string_view body) { return outcome(post("Transfer-Encoding: chunked\r\n", body)); };
  BOOST_TEST(chunked("0\r\n\r\n") == "done /x a ");
  BOOST_TEST(chunked("00A\r\n0123456789\r\n1;a=\"b\"\r\nx\r\n0;last\r\nTrailer: t\r\nB: c\r\n\r\n") ==
             "done /x a 0123456789x");
  BOOST_TEST(chunked("5\r\na\r\n\r\n\r\n0\r\n\r\n") == "done /x a a\r\n\r\n");
  size_t used = 0;
  auto in = post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\nGET /");
  outcome(in, small(), &used);
  BOOST_TEST(in.substr(used) == "GET /");
}

BOOST_AUTO_TEST_CASE(wrong_chunks_are_refused) {
  for (auto body : {"g\r\n", "-1\r\nx\r\n", "+1\r\nx\r\n", "0x1\r\nx\r\n", " 1\r\nx\r\n", "1 \r\nx\r\n", "\r\nx\r\n",
                    "1\nx\r\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "1\r\nx0\r\n\r\n", "2\r\nx\r\n0\r\n\r\n",
                    "1;a\x01\r\nx\r\n", "000000001\r\nx\r\n", "ffffffffffffffff1\r\nx\r\n", "1,1\r\nx\r\n",
                    "0\r\nno colon\r\n\r\n", "0\r\n folded: x\r\n\r\n", "0\r\nA: b\nC: d\r\n\r\n"}) {
    auto got = outcome(post("Transfer-Encoding: chunked\r\n", body));
    BOOST_TEST(got == "bad 400", body << " gave " << got);
  }
  BOOST_TEST(outcome(post("Transfer-Encoding: chunked\r\n", "65\r\n")) == "bad 413");
  BOOST_TEST(outcome(post("Transfer-Encoding: chunked\r\n", "ffffffff\r\n")) == "bad 413");
  BOOST_TEST(outcome(post("Transfer-Encoding: chunked\r\n",
                          "64\r\n" + std::string(100, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n")) == "bad 413");
  BOOST_TEST(outcome(post("Transfer-Encoding: chunked\r\n", "1;" + std::string(300, 'x'))) == "bad 400");
  std::string trailer = "0\r\n";
  for (int i = 0; i < 200; ++i) trailer += "Name: value\r\n";
  BOOST_TEST(outcome(post("Transfer-Encoding: chunked\r\n", trailer)) == "bad 431");
}

BOOST_AUTO_TEST_CASE(hosts_are_one_and_plain) {
  BOOST_TEST(outcome("GET /x HTTP/1.1\r\n\r\n") == "bad 400");
  BOOST_TEST(outcome(get("Host: a\r\nHost: a\r\n")) == "bad 400");
  BOOST_TEST(outcome(get("Host: a\r\nHOST: b\r\n")) == "bad 400");
  for (auto value : {"a b", "a/b", "a@b", "a,b", "a?b", "a#b", "a\\b"})
    BOOST_TEST(outcome(get("Host: " + std::string(value) + "\r\n")) == "bad 400", value);
  BOOST_TEST(outcome(get("Host:\r\n")) == "done /x  ");
  BOOST_TEST(outcome(get("Host: [::1]:80\r\n")) == "done /x [::1]:80 ");
}

BOOST_AUTO_TEST_CASE(fields_that_decide_something_come_once) {
  for (auto name : {"Authorization", "Idempotency-Key", "If-Match", "Content-Type", "Range", "If-Range"}) {
    auto line = std::string(name) + ": v\r\n";
    BOOST_TEST(outcome(get(std::string(host) + line)) == "done /x a ");
    BOOST_TEST(outcome(get(std::string(host) + line + line)) == "bad 400", name);
    BOOST_TEST(outcome(get(std::string(host) + std::string(name) + ":\r\n" + line)) == "bad 400", name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_refused_at_once) {
  for (auto in : {"\x16\x03\x01", "\x80", "GET /x HTTP/1.1\nHost: a\n\n", "GET /x HTTP/1.1\r\nHost: a\n", "{}",
                  "GET /x\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n",
                  "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET / http/1.1\r\nHost: a\r\n\r\n",
                  "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/\r\n\r\n",
                  "GET / HTTP/1\r\n\r\n", "GET / XTTP/1.1\r\nHost: a\r\n\r\n", "A\r\n\r\n", "GET / HTTP/11\r\n\r\n"}) {
    auto got = outcome(in);
    BOOST_TEST(got == "bad 400", in << " gave " << got);
  }
  BOOST_TEST(outcome("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "bad 505");
  BOOST_TEST(outcome("GET / HTTP/0.9\r\n\r\n") == "bad 505");
  BOOST_TEST(outcome(get(std::string(host) + "X: a" + std::string(1, '\0') + "b\r\n")) == "bad 400");
}

BOOST_AUTO_TEST_CASE(limits_have_their_own_status) {
  BOOST_TEST(outcome("GET /" + std::string(1'100, 'x')) == "bad 414");
  BOOST_TEST(outcome("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1'100, 'x')) == "bad 431");
  BOOST_TEST(outcome(get("Host: a\r\nX: " + std::string(1'100, 'x') + "\r\n")) == "bad 431");
  auto exact = get(host);
  auto limits = small();
  limits.header_bytes_max = exact.size();
  BOOST_TEST(outcome(exact, limits) == "done /x a ");
  --limits.header_bytes_max;
  BOOST_TEST(outcome(exact, limits) == "bad 431");
  BOOST_TEST(outcome(post("Content-Length: 100\r\n", std::string(100, 'b'))).substr(0, 4) == "done");
  BOOST_TEST(outcome(post("Content-Length: 101\r\n", "")) == "bad 413");
  std::string batch = "POST /v1/codes/batch?x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
  BOOST_TEST(outcome(batch) == "more");
  BOOST_TEST(outcome("POST /v1/codes/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n") == "bad 413");
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_is_noticed) {
  auto head = post("Expect: 100-Continue\r\nContent-Length: 5\r\n", "");
  parse_progress progress;
  request_parser r;
  BOOST_TEST((r.parse(head, progress, small()) == result::more));
  BOOST_TEST(r.expects_continue);
  BOOST_TEST(progress.need == head.size() + 5);
  BOOST_TEST(outcome(post("Expect: 200-ok\r\n", "")) == "bad 417");
  parse_progress chunk_progress;
  request_parser c;
  BOOST_TEST((c.parse(post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", ""), chunk_progress, small()) ==
              result::more));
  BOOST_TEST(c.expects_continue);
  parse_progress old_progress;
  request_parser old;
  BOOST_TEST((old.parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", old_progress,
                        small()) == result::more));
  BOOST_TEST(!old.expects_continue);
}

BOOST_AUTO_TEST_CASE(a_request_may_be_cut_at_every_byte) {
  for (auto in : {get(host), post("Content-Length: 5\r\n", "hello"),
                  post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\n\r\n\r\n0\r\nT: u\r\n\r\n"),
                  post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
                  post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n"),
                  get("Host: a\r\nX: " + std::string(1'100, 'x') + "\r\n")}) {
    auto whole = outcome(in);
    size_t calls = 0;
    BOOST_TEST(byte_by_byte(in, calls) == whole);
    for (size_t cut = 1; cut < in.size(); ++cut) {
      parse_progress progress;
      request_parser first, second;
      auto res = first.parse(std::string_view(in).substr(0, cut), progress, small());
      if (res == result::bad) continue; // early is fine, and tested above
      BOOST_REQUIRE((res == result::more));
      BOOST_TEST((second.parse(in, progress, small()) == (whole.substr(0, 3) == "bad" ? result::bad : result::done)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_long_body_is_not_looked_at_before_it_is_there) {
  parse_limits limits;
  auto in = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'b');
  parse_progress progress;
  size_t calls = 0;
  for (size_t n = 100; n <= in.size(); n += 1) {
    if (n < progress.need) continue;
    ++calls;
    request_parser r;
    r.parse(std::string_view(in).substr(0, n), progress, limits);
  }
  BOOST_TEST(calls == 2u);
}

BOOST_AUTO_TEST_CASE(noise_neither_crashes_nor_reads_past_the_end) {
  std::mt19937 random(1);
  std::vector<std::string> seeds{get(host), post("Content-Length: 5\r\n", "hello"),
                                 post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"),
                                 get(host, "http://h/x"),
                                 "GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept: b\r\nExpect: 100-continue\r\n\r\n"};
  for (int i = 0; i < 200'000; ++i) {
    auto in = seeds[random() % seeds.size()];
    for (auto edits = random() % 4 + 1; edits-- > 0;) {
      auto at = random() % in.size();
      switch (random() % 4) {
      case 0:
        in[at] = static_cast<char>(random());
        break;
      case 1:
        in.erase(at, random() % 5 + 1);
        break;
      case 2:
        in.insert(at, 1, "\r\n: ,;\0\t"[random() % 8]);
        break;
      default:
        in.insert(at, in.substr(random() % in.size(), random() % 9));
        break;
      }
      if (in.empty()) in = "x";
    }
    std::vector<char> exact(in.begin(), in.end()); // no byte behind it, so that a sanitizer sees a step too far
    parse_progress progress;
    request_parser r;
    auto res = r.parse({exact.data(), exact.size()}, progress, small());
    if (res == result::done) BOOST_REQUIRE(r.used <= exact.size() && r.used > 0);
    if (res == result::more) BOOST_REQUIRE(progress.need > exact.size());
    if (res == result::bad) BOOST_REQUIRE(r.status() >= 400);
  }
}

BOOST_AUTO_TEST_CASE(blank_lines_before_a_request_are_counted) {
  BOOST_TEST(blank_lines("\r\n\r\nGET") == 4u);
  BOOST_TEST(blank_lines("\r") == 0u);
  BOOST_TEST(blank_lines("\n") == 0u);
  BOOST_TEST(blank_lines("\r\n\r") == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
