#include "tests/actors/http_frontend/table_fixture.hpp"

using namespace qrwell;
using namespace qrwell::test;

BOOST_FIXTURE_TEST_SUITE(connection_table_suite, table_fixture)

BOOST_AUTO_TEST_CASE(a_request_goes_out_with_all_it_said_and_its_answer_comes_back) {
  auto& peer = open();
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer k\r\nIdempotency-Key: i\r\nX-Request-Id: "
      "r-1\r\nContent-Length: 2\r\n\r\n{}");
  BOOST_TEST(table->has_batches());
  auto got = given(request_class::issue);
  BOOST_REQUIRE(got.size() == 1u);
  BOOST_TEST((got[0].method == http_method::post));
  BOOST_TEST(got[0].target == "/v1/codes");
  BOOST_TEST(got[0].authorization.reveal() == "Bearer k");
  BOOST_TEST(got[0].idempotency_key == "i");
  BOOST_TEST(got[0].request_id == "r-1");
  BOOST_TEST(got[0].host == "h");
  BOOST_TEST(got[0].peer == "1.2.3.4");
  BOOST_TEST(got[0].body == "{}");
  BOOST_TEST(got[0].remaining_ms == 2'000u);
  BOOST_TEST(in_flight(request_class::issue) == 1u);
  answer(got[0].at, "done");
  BOOST_TEST(bodies(peer.taken) == list{"done"});
  BOOST_TEST(in_flight(request_class::issue) == 0u);
  BOOST_TEST(!peer.is_closed);
}

BOOST_AUTO_TEST_CASE(a_request_id_that_could_harm_is_replaced) {
  open();
  say(scan("a", "X-Request-Id: " + std::string(65, 'x') + "\r\n") + scan("b", "X-Request-Id: a b\r\n") + scan("c"));
  auto got = given();
  for (const auto& r : got) BOOST_TEST((r.request_id.size() == 15 && r.request_id.substr(0, 5) == "abcde"));
  BOOST_TEST(got[0].request_id != got[1].request_id);
}

BOOST_AUTO_TEST_CASE(answers_leave_in_the_order_of_requests) {
  auto& peer = open();
  say(scan("a") + scan("b") + scan("c"));
  auto got = given();
  answer(got[2].at, "c");
  answer(got[1].at, "b");
  BOOST_TEST(peer.taken == "");
  answer(got[0].at, "a");
  BOOST_TEST(bodies(peer.taken) == (list{"a", "b", "c"}));
}

BOOST_AUTO_TEST_CASE(our_own_answers_wait_for_their_turn_too) {
  auto& peer = open();
  say(scan("a") + "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(peer.taken == "");
  answer(given()[0].at, "a");
  BOOST_TEST(bodies(peer.taken)[0] == "a");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 404 Not Found"));
}

BOOST_AUTO_TEST_CASE(a_second_answer_and_one_for_a_stranger_are_dropped) {
  auto& peer = open();
  say(scan("a"));
  auto at = given()[0].at;
  answer(at, "a");
  answer(at, "again");
  BOOST_TEST(bodies(peer.taken) == list{"a"});
  say(scan("b"));
  auto old = given()[0].at;
  table->closed(5);
  BOOST_TEST(in_flight() == 0u);
  auto& stranger = open(); // the same descriptor, another connection
  say(scan("c"));
  answer(old, "b");
  answer({old.connection + 1'000, 0}, "nobody");
  BOOST_TEST(stranger.taken == "");
  BOOST_TEST(n.late.load() == 3u);
  http_answers wild;
  wild.answers.push_back({given()[0].at, 0xffff'fff0u, 0x20, false});
  table->answer(wild, now, wall);
  BOOST_TEST(n.late.load() == 4u);
}

BOOST_AUTO_TEST_CASE(past_the_pipeline_a_connection_is_not_read) {
  auto& peer = open();
  std::string all;
  for (int i = 0; i < 10; ++i) all += scan(std::to_string(i));
  say(all);
  list seen;
  for (int round = 0; round < 10; ++round) {
    auto got = given();
    BOOST_REQUIRE(got.size() <= 4u);
    if (got.empty()) break;
    if (seen.size() + got.size() < 10) {
      BOOST_TEST(!peer.reads);
      BOOST_TEST(n.halted.load() == 1u);
    }
    for (const auto& r : got) answer(r.at, r.target), seen.push_back(r.target);
  }
  BOOST_TEST(seen.size() == 10u);
  BOOST_TEST(bodies(peer.taken) == seen);
  BOOST_TEST(peer.reads);
  BOOST_TEST(n.halted.load() == 0u);
}

BOOST_AUTO_TEST_CASE(a_peer_that_takes_nothing_is_not_read_and_then_cut_off) {
  auto& peer = open();
  peer.window = 0;
  say(scan("a"));
  answer(given()[0].at, std::string(2'000, 'x'));
  BOOST_TEST(!peer.reads);
  BOOST_TEST(n.held_bytes.load() > 2'000u);
  later(9'000);
  BOOST_TEST(!peer.is_closed);
  peer.window = 1;
  peer.flush();
  table->drained(5, now, wall);
  later(10'000);
  BOOST_TEST(!peer.is_closed); // a byte counts
  later(2'000);
  BOOST_TEST(peer.aborted);
  BOOST_TEST(n.held_bytes.load() == 0u);
  BOOST_TEST(n.halted.load() == 0u);
  BOOST_TEST(table->open() == 0u);
}

BOOST_AUTO_TEST_CASE(it_is_read_again_when_it_took_enough) {
  auto& peer = open();
  peer.window = 0;
  say(scan("a"));
  answer(given()[0].at, std::string(2'000, 'x'));
  peer.window = SIZE_MAX;
  peer.flush();
  table->drained(5, now, wall);
  BOOST_TEST(peer.reads);
  say(scan("b"));
  BOOST_TEST(given().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_class_says_so_at_once_and_leaves_the_others_alone) {
  limits.classes[0].inflight_max = 2;
  make();
  auto& peer = open();
  say(scan("a") + scan("b"));
  auto got = given();
  auto& other = open(6);
  say(scan("c"), 6);
  BOOST_TEST(has(other.taken, "HTTP/1.1 503"));
  BOOST_TEST(has(other.taken, "\"overloaded\""));
  BOOST_TEST(has(other.taken, "Retry-After: 1\r\n"));
  say("GET /v1/codes/x HTTP/1.1\r\nHost: a\r\n\r\n", 6);
  BOOST_TEST(given(request_class::code).size() == 1u);
  for (const auto& r : got) answer(r.at, "x");
  say(scan("d"));
  BOOST_TEST(given().size() == 1u);
  BOOST_TEST(bodies(peer.taken).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_request_that_nobody_answers_gets_503_and_its_late_answer_nothing) {
  auto& peer = open();
  say("HEAD /v1/scenes/a HTTP/1.1\r\nHost: a\r\n\r\n" + scan("b", "X-Request-Id: mine\r\n"));
  auto got = given();
  answer(got[1].at, "b");
  later(2'900);
  BOOST_TEST(peer.taken == "");
  later(200);
  BOOST_TEST(has(peer.taken, "HTTP/1.1 503"));
  BOOST_TEST(!has(peer.taken, "problems/timeout")); // HEAD
  BOOST_TEST(peer.taken.substr(peer.taken.size() - 1) == "b");
  BOOST_TEST(n.unanswered.load() == 1u);
  BOOST_TEST(in_flight() == 0u);
  auto before = peer.taken;
  answer(got[0].at, "late");
  BOOST_TEST(peer.taken == before);
  say(scan("c", "X-Request-Id: mine\r\n"));
  later(3'000);
  BOOST_TEST(has(peer.taken, "\"request_id\":\"mine\""));
  BOOST_TEST(!peer.is_closed);
}

BOOST_AUTO_TEST_CASE(a_doubtful_request_is_answered_and_the_connection_ends_after_the_peer_could_read_it) {
  auto& peer = open();
  say(scan("a") + "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + scan("smuggled"));
  auto got = given();
  BOOST_TEST(got.size() == 1u);
  answer(got[0].at, "a");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 400"));
  BOOST_TEST(has(peer.taken, "Connection: close\r\n"));
  BOOST_TEST(peer.finished);
  BOOST_TEST(!peer.is_closed);
  say(scan("more")); // read and dropped
  BOOST_TEST(!table->has_batches());
  BOOST_TEST(given().empty());
  later(1'000);
  BOOST_TEST(!peer.is_closed);
  later(2'000);
  BOOST_TEST(peer.is_closed);
  BOOST_TEST(!peer.aborted);
}

BOOST_AUTO_TEST_CASE(lingering_ends_with_the_peer_or_with_too_many_bytes) {
  auto& peer = open();
  say("nonsense\r\n\r\n");
  BOOST_TEST(peer.finished);
  table->peer_done(5, now, wall);
  BOOST_TEST(peer.is_closed);
  auto& flood = open(6);
  say("nonsense\r\n\r\n", 6);
  for (int i = 0; i < 200 && !flood.is_closed; ++i) say(std::string(8'192, 'x'), 6);
  BOOST_TEST(flood.aborted);
}

BOOST_AUTO_TEST_CASE(a_last_request_closes_after_its_answer_and_says_so) {
  auto& peer = open();
  say(scan("a") + scan("b", "Connection: close\r\n") + scan("never"));
  auto got = given();
  BOOST_REQUIRE(got.size() == 2u);
  answer(got[1].at, "b");
  answer(got[0].at, "a");
  BOOST_TEST(bodies(peer.taken) == (list{"a", "b"}));
  auto second = peer.taken.substr(peer.taken.find("HTTP/1.1", 8));
  BOOST_TEST(has(second, "\r\nConnection: close\r\n"));
  BOOST_TEST(!has(peer.taken.substr(0, peer.taken.size() - second.size()), "Connection"));
  BOOST_TEST(peer.is_closed);
}

BOOST_AUTO_TEST_CASE(an_answer_that_closes_silences_those_behind_it) {
  auto& peer = open();
  say(scan("a") + scan("b") + scan("c"));
  auto got = given();
  answer(got[2].at, "c");
  answer(got[0].at, "a", true);
  BOOST_TEST(bodies(peer.taken) == list{"a"});
  BOOST_TEST(peer.finished);
  BOOST_TEST(in_flight() == 0u);
  answer(got[1].at, "b");
  BOOST_TEST(bodies(peer.taken) == list{"a"});
}

BOOST_AUTO_TEST_CASE(closing_waits_until_all_is_sent) {
  auto& peer = open();
  peer.window = 10;
  say(scan("a", "Connection: close\r\n"));
  answer(given()[0].at, "abc");
  BOOST_TEST(!peer.is_closed);
  peer.window = SIZE_MAX;
  peer.flush();
  table->drained(5, now, wall);
  BOOST_TEST(peer.is_closed);
  BOOST_TEST(bodies(peer.taken) == list{"abc"});
}

BOOST_AUTO_TEST_CASE(a_peer_that_sends_no_more_still_gets_its_answers) {
  auto& peer = open();
  std::string all;
  for (int i = 0; i < 7; ++i) all += scan(std::to_string(i)); // more than the pipeline
  say(all + "GET /half");
  table->peer_done(5, now, wall);
  BOOST_TEST(!peer.is_closed);
  size_t answered = 0;
  for (auto got = given(); !got.empty(); got = given())
    for (const auto& r : got) answer(r.at, "x"), ++answered;
  BOOST_TEST(answered == 7u);
  BOOST_TEST(bodies(peer.taken).size() == 7u);
  BOOST_TEST(peer.is_closed);
  auto& idle = open(6);
  table->peer_done(6, now, wall);
  BOOST_TEST(idle.is_closed);
}

BOOST_AUTO_TEST_CASE(a_slow_header_gets_408_however_many_bytes_it_sends) {
  auto& peer = open();
  auto text = scan("a");
  for (int i = 0; i < 11; ++i) {
    say(text.substr(static_cast<size_t>(i), 1));
    later(1'000);
  }
  BOOST_TEST(has(peer.taken, "HTTP/1.1 408"));
  BOOST_TEST(peer.finished);
  later(3'000);
  BOOST_TEST(peer.is_closed);
  BOOST_TEST(n.timed_out.load() == 1u);
}

BOOST_AUTO_TEST_CASE(a_body_has_more_time_than_a_header) {
  auto& peer = open();
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{");
  later(15'000);
  BOOST_TEST(peer.taken == "");
  say("}");
  auto got = given(request_class::issue);
  BOOST_REQUIRE(got.size() == 1u);
  BOOST_TEST(got[0].remaining_ms == 500u);
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{");
  later(42'000);
  BOOST_TEST(has(peer.taken, "HTTP/1.1 408"));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_after_its_time_and_not_while_it_is_owed_an_answer) {
  auto& peer = open();
  later(74'000);
  say(scan("a"));
  auto got = given();
  later(2'000);
  answer(got[0].at, "a");
  later(74'000);
  BOOST_TEST(!peer.is_closed);
  later(2'000);
  BOOST_TEST(peer.is_closed);
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_gets_it_once_and_in_turn) {
  auto& peer = open();
  say(scan("a") + "POST /v1/codes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer k\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(peer.taken == ""); // the answer to the first comes first
  answer(given()[0].at, "a");
  BOOST_TEST(peer.taken.substr(peer.taken.size() - 25) == "HTTP/1.1 100 Continue\r\n\r\n");
  auto size = peer.taken.size();
  say("{");
  BOOST_TEST(peer.taken.size() == size);
  say("}");
  BOOST_TEST(given(request_class::issue).size() == 1u);
  auto& big = open(6);
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n", 6);
  BOOST_TEST(has(big.taken, "HTTP/1.1 413"));
  BOOST_TEST(!has(big.taken, "100 Continue"));
  auto& whole = open(7);
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", 7);
  BOOST_TEST(whole.taken == ""); // the body is here already
}

// Anybody could have 4 MiB read and held by sending them without a key.
BOOST_AUTO_TEST_CASE(a_large_body_without_a_key_is_refused_at_its_header) {
  int fd = 20;
  for (const auto* line : {"POST /v1/codes/batch", "POST /v1/import", "PATCH /v1/imports/7"})
    for (const auto* key : {"", "Authorization: Bearer short\r\n", "Authorization: Basic eA==\r\n"}) {
      auto& peer = open(++fd);
      say(std::string(line) + " HTTP/1.1\r\nHost: h\r\n" + key + "Content-Length: 4000000\r\n\r\n{", fd);
      BOOST_TEST(has(peer.taken, "HTTP/1.1 401"), line);
      BOOST_TEST(has(peer.taken, "WWW-Authenticate"));
      BOOST_TEST(n.held_bytes.load() < 1'000u);
      table->closed(fd);
    }
  auto& peer = open(5);
  auto keyed = "Authorization: Bearer qw_web_" + std::string(43, 'a') + "\r\n";
  say("POST /v1/codes/batch HTTP/1.1\r\nHost: h\r\n" + keyed + "Content-Length: 2\r\n\r\n{", 5);
  BOOST_TEST(peer.taken.empty());
  say("}", 5);
  BOOST_TEST(given(request_class::batch).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_if_match_is_not_the_same_as_none) {
  open();
  say("DELETE /v1/codes/a HTTP/1.1\r\nHost: h\r\nIf-Match:\r\n\r\nDELETE /v1/codes/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto got = given(request_class::code);
  BOOST_REQUIRE(got.size() == 2u);
  BOOST_TEST(!got[0].if_match.empty());
  BOOST_TEST(got[1].if_match.empty());
}

BOOST_AUTO_TEST_CASE(methods_and_paths_that_are_not_served_are_told) {
  auto& peer = open();
  say("DELETE /v1/codes HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 405"));
  BOOST_TEST(has(peer.taken, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"));
  peer.taken.clear();
  say("OPTIONS /v1/codes HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 204 No Content\r\n"));
  BOOST_TEST(has(peer.taken, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"));
  peer.taken.clear();
  say("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 204"));
  peer.taken.clear();
  say("BREW /v1/codes HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 405"));
  BOOST_TEST(has(peer.taken, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"));
  peer.taken.clear();
  say("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
  BOOST_TEST(has(peer.taken, "HTTP/1.1 404"));
  BOOST_TEST(!peer.is_closed);
  BOOST_TEST(n.answers[http::request_classes][4].load() == 3u);
}

BOOST_AUTO_TEST_CASE(hot_scenes_are_answered_here) {
  auto& peer = open();
  table->hot().put({"abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, wall + 1'000});
  say("\r\n" + scan("abc") + scan("abc?launch=1047") + scan("abc", "X-Request-Id: r9\r\n"));
  BOOST_TEST(bodies(peer.taken) == (list{"hot", "hot", "hot"}));
  BOOST_TEST(has(peer.taken, date + "X-Request-Id: r9\r\nContent-Length: 3\r\n"));
  BOOST_TEST(!table->has_batches());
  peer.taken.clear();
  say("HEAD /v1/scenes/abc HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(peer.taken == "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 3\r\n\r\n");
  BOOST_TEST(n.hot_hits.load() == 4u);
  // Everything that is more than that goes to the scan server.
  say(scan("abc?launch=x") + scan("abc?launch=1&x=2") + scan("abc?x") + scan("abc", "If-None-Match: \"1\"\r\n"));
  BOOST_TEST(given().size() == 4u);
  auto counts = table->hot().take_counts();
  uint64_t sum = 0;
  for (const auto& c : counts) sum += c.count;
  BOOST_TEST(sum == 4u);
}

BOOST_AUTO_TEST_CASE(a_hot_answer_waits_for_its_turn_and_closes_when_asked) {
  auto& peer = open();
  table->hot().put({"abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, 0});
  say(scan("cold") + scan("abc", "Connection: close\r\nX-Request-Id: r\r\n"));
  BOOST_TEST(peer.taken == "");
  answer(given()[0].at, "cold");
  BOOST_TEST(bodies(peer.taken) == (list{"cold", "hot"}));
  BOOST_TEST(has(peer.taken, date + "Connection: close\r\nX-Request-Id: r\r\n"));
  BOOST_TEST(peer.is_closed);
}

BOOST_AUTO_TEST_CASE(a_hot_answer_that_expired_is_not_served) {
  open();
  table->hot().put({"abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, wall});
  say(scan("abc"));
  BOOST_TEST(given().size() == 1u);
}

BOOST_AUTO_TEST_CASE(unfinished_requests_of_all_stay_within_one_limit) {
  limits.held_bytes_max = 10'000;
  make();
  auto& first = open(5);
  auto& second = open(6);
  auto head = std::string("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
  say(head + std::string(6'000, 'x'), 5);
  say(head + std::string(6'000, 'x'), 6);
  BOOST_TEST(first.taken == "");
  BOOST_TEST(has(second.taken, "HTTP/1.1 503"));
  BOOST_TEST(n.held_bytes.load() < 10'000u);
  table->closed(5);
  table->closed(6);
  BOOST_TEST(n.held_bytes.load() == 0u);
}

BOOST_AUTO_TEST_CASE(a_stop_finishes_what_is_under_way_and_nothing_else) {
  auto& busy = open(5);
  auto& idle = open(6);
  auto& half = open(7);
  say(scan("a"), 5);
  auto got = given();
  auto text = scan("b");
  say(text.substr(0, 10), 7);
  table->stop(now, wall);
  BOOST_TEST(!table->accepting());
  BOOST_TEST(idle.finished);
  BOOST_TEST(!busy.finished);
  say(scan("too late"), 5);
  answer(got[0].at, "a");
  BOOST_TEST(bodies(busy.taken) == list{"a"});
  BOOST_TEST(has(busy.taken, "Connection: close"));
  say(text.substr(10), 7);
  answer(given()[0].at, "b");
  BOOST_TEST(has(half.taken, "Connection: close"));
  later(3'000);
  BOOST_TEST(table->open() == 0u);
  auto& late = open(8); // accepted in the same round
  BOOST_TEST(late.is_closed);
}

BOOST_AUTO_TEST_CASE(a_stop_has_an_end) {
  auto& peer = open();
  limits.classes[0] = {10, 100'000, 200'000};
  make();
  auto& stuck = open(6);
  say(scan("a"), 6);
  table->stop(now, wall);
  later(9'000);
  BOOST_TEST(table->open() == 1u);
  later(1'000);
  BOOST_TEST(stuck.aborted);
  BOOST_TEST(table->open() == 0u);
  BOOST_TEST(in_flight() == 0u);
  BOOST_TEST(!peer.is_closed); // of the table before
}

BOOST_AUTO_TEST_CASE(events_of_a_closed_connection_are_ignored) {
  open();
  table->closed(5);
  say(scan("a"));
  table->drained(5, now, wall);
  table->peer_done(5, now, wall);
  table->closed(5);
  table->closed(77'777);
  table->received(-1, "x", now, wall);
  BOOST_TEST(table->open() == 0u);
  BOOST_TEST(given().empty());
}

BOOST_AUTO_TEST_CASE(limits_that_make_no_sense_are_named) {
  BOOST_TEST(!validate(http_limits{}));
  http_limits l;
  l.pipelined_max = 0;
  BOOST_TEST(has(render(validate(l)), "pipelined_max"));
  l = {};
  l.classes[1].give_up_after_ms = 1'000;
  BOOST_TEST(has(render(validate(l)), "give_up_after"));
  l = {};
  l.held_bytes_max = 1;
  BOOST_TEST(has(render(validate(l)), "held_bytes_max"));
}

BOOST_AUTO_TEST_CASE(limits_change_while_connections_are_open) {
  auto& peer = open();
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + std::string(5'000, 'x'));
  auto got = given(request_class::issue);
  BOOST_REQUIRE(got.size() == 1u);
  BOOST_TEST(got[0].body.size() == 5'000u);
  limits.connections_max = 1;
  limits.body_bytes_max = 4'096;
  limits.classes[static_cast<size_t>(request_class::issue)].deadline_ms = 700;
  table->set_limits(limits);
  auto& second = open(6);
  say(scan("a"), 6);
  BOOST_TEST(has(second.taken, "HTTP/1.1 503"));
  answer(got[0].at, "done");
  BOOST_TEST(bodies(peer.taken) == list{"done"});
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
  BOOST_TEST(given(request_class::issue).at(0).remaining_ms == 700u);
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + std::string(5'000, 'x'));
  BOOST_TEST(given(request_class::issue).empty());
  limits.connections_max = 2;
  table->set_limits(limits);
  open(7);
  say(scan("a"), 7);
  BOOST_TEST(given().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_smaller_hot_cache_lets_go_at_once) {
  open();
  for (int i = 0; i < 50; ++i)
    table->hot().put({"id" + std::to_string(i), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, 0});
  BOOST_TEST(table->hot().entries() == 50u);
  limits.hot_scenes_max = 20;
  table->set_limits(limits);
  BOOST_TEST(table->hot().entries() == 20u);
  limits.hot_bytes_max = table->hot().bytes() / 2;
  table->set_limits(limits);
  BOOST_TEST(table->hot().bytes() <= limits.hot_bytes_max);
  limits.hot_scenes_max = 0;
  table->set_limits(limits);
  BOOST_TEST(table->hot().entries() == 0u);
}

BOOST_AUTO_TEST_CASE(a_body_has_the_time_that_body_timeout_gives) {
  limits.body_timeout_ms = 3'000;
  make();
  auto& peer = open();
  say("POST /v1/codes HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{");
  later(13'000);
  BOOST_TEST(peer.taken == "");
  later(1'000);
  BOOST_TEST(has(peer.taken, "HTTP/1.1 408"));
}

BOOST_AUTO_TEST_CASE(behind_a_prefix_of_link_codes_every_target_is_a_scan_and_elsewhere_none) {
  table->set_links({"https://q.example.cn/", "https://q.example.cn/s?c="});
  auto ask = [&](const std::string& method, const std::string& target, const std::string& host) {
    ports[5] = {};
    table->closed(5);
    auto& peer = open();
    say(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    return &peer;
  };
  for (auto* target : {"/abc", "/check.txt", "/s?c=abc"}) {
    ask("GET", target, "Q.example.cn");
    auto all = given();
    BOOST_TEST_REQUIRE(all.size() == 1u, target);
    BOOST_TEST(all[0].target == target);
    BOOST_TEST(all[0].host == "Q.example.cn");
    BOOST_TEST(has(ask("GET", target, "qr.example.com")->taken, "HTTP/1.1 404"), target);
    BOOST_TEST(given().empty());
  }
  BOOST_TEST(has(ask("GET", "/abc/def", "q.example.cn")->taken, "HTTP/1.1 404"));
  auto* posted = ask("POST", "/abc", "q.example.cn");
  BOOST_TEST(has(posted->taken, "HTTP/1.1 405"));
  BOOST_TEST(has(posted->taken, "Allow: GET, HEAD, OPTIONS"));
  BOOST_TEST(has(ask("OPTIONS", "/abc", "q.example.cn")->taken, "HTTP/1.1 204"));
  ask("GET", "/v1/codes/abc", "q.example.cn");
  BOOST_TEST(given(request_class::code).size() == 1u, "the API is what it is at every host");
}

BOOST_AUTO_TEST_SUITE_END()
