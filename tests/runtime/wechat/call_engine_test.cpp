#include "runtime/wechat/call_engine.hpp"

#include "messages/errors.hpp"
#include "runtime/wechat/answers.hpp"
#include "tests/support/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <curl/curl.h>
#include <future>

using namespace qrwell;
using namespace qrwell::wechat;
using test::raw_server;

namespace {

const std::string jpeg = "\xff\xd8\xff picture";

std::shared_ptr<call_engine> engine(call_engine_config cfg = {}) {
  auto made = call_engine::make(std::move(cfg));
  BOOST_REQUIRE(made);
  return *made;
}

http_call call_to(const std::string& host, uint32_t timeout_ms = 5'000) {
  http_call call;
  call.url = secret(host + "/wxa/getwxacodeunlimit?access_token=TOP-SECRET-TOKEN");
  call.body = secret(R"({"scene":"abc"})");
  call.timeout_for_ms = timeout_ms;
  return call;
}

std::future<http_outcome> begin(call_engine& e, http_call call) {
  auto promise = std::make_shared<std::promise<http_outcome>>();
  auto out = promise->get_future();
  e.start(std::move(call), [promise](http_outcome how) { promise->set_value(std::move(how)); });
  return out;
}

http_outcome run(call_engine& e, http_call call) {
  auto future = begin(e, std::move(call));
  BOOST_REQUIRE(future.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  auto how = future.get();
  BOOST_TEST(how.detail.find("TOP-SECRET") == std::string::npos, how.detail);
  return how;
}

fetch_outcome meaning(const http_outcome& how) {
  return read_code("id", http_outcome(how)).outcome;
}

std::string body_of(const http_outcome& how) {
  return {how.body.begin(), how.body.end()};
}

// A port on which nobody listens: that of a server which has ended.
std::string closed_port() {
  raw_server gone([](auto&, int) {});
  return gone.url();
}

} // namespace

BOOST_AUTO_TEST_SUITE(call_engine_suite, *boost::unit_test::timeout(60))

BOOST_AUTO_TEST_CASE(a_call_is_one_plain_post_of_json) {
  std::string seen;
  raw_server server([&](auto& c, int) {
    seen = c.read_request().value_or("");
    c.answer(jpeg);
  });
  auto how = run(*engine(), call_to(server.url()));
  BOOST_TEST(how.curl == 0, how.detail);
  BOOST_TEST(how.status == 200u);
  BOOST_TEST(how.content_type == "image/jpeg");
  BOOST_TEST(body_of(how) == jpeg);
  BOOST_TEST(how.any_byte_written);
  BOOST_TEST(seen.starts_with("POST /wxa/getwxacodeunlimit?access_token=TOP-SECRET-TOKEN HTTP/1.1\r\n"));
  BOOST_TEST(seen.ends_with("\r\n\r\n{\"scene\":\"abc\"}"));
  BOOST_TEST(seen.find("Content-Type: application/json\r\n") != std::string::npos);
  BOOST_TEST(seen.find("Expect") == std::string::npos);
  BOOST_TEST(seen.find("chunked") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(calls_one_after_another_share_a_connection) {
  raw_server server([](auto& c, int) {
    while (c.read_request()) c.answer(jpeg);
  });
  auto e = engine();
  for (int i = 0; i < 20; ++i) BOOST_TEST(run(*e, call_to(server.url())).curl == 0);
  BOOST_TEST(server.connections == 1);
  BOOST_TEST(server.requests == 20);
}

BOOST_AUTO_TEST_CASE(a_server_that_reads_and_closes_sees_one_request_per_attempt) {
  raw_server server([](auto& c, int) { c.read_request(); });
  auto e = engine();
  for (int i = 1; i <= 5; ++i) {
    auto how = run(*e, call_to(server.url()));
    BOOST_TEST((meaning(how) == fetch_outcome::lost), how.detail);
    BOOST_TEST(server.requests == i);
  }
}

BOOST_AUTO_TEST_CASE(a_reused_connection_that_is_closed_under_a_request_does_not_send_it_again) {
  // Each connection serves one request well and closes at the second, which libcurl left to itself would send again on
  // a fresh connection.
  raw_server server([](auto& c, int) {
    if (c.read_request()) c.answer(jpeg);
    c.read_request();
  });
  auto e = engine();
  for (int round = 0; round < 5; ++round) {
    auto before = server.requests.load();
    BOOST_TEST((meaning(run(*e, call_to(server.url()))) == fetch_outcome::image));
    auto second = run(*e, call_to(server.url()));
    BOOST_TEST((meaning(second) == fetch_outcome::lost), second.detail);
    BOOST_TEST(second.curl == CURLE_SEND_FAIL_REWIND);
    BOOST_TEST(server.requests == before + 2);
  }
}

BOOST_AUTO_TEST_CASE(nor_when_it_is_closed_between_head_and_body) {
  raw_server server([](auto& c, int) {
    if (c.read_request()) c.answer(jpeg);
    c.read_head();
    c.reset();
  });
  auto e = engine();
  BOOST_TEST((meaning(run(*e, call_to(server.url()))) == fetch_outcome::image));
  auto call = call_to(server.url());
  call.body = secret(
      std::string(900'000, 'x')); // does not fit into the socket's buffers: some of it is unsent when the reset comes
  auto how = run(*e, std::move(call));
  BOOST_TEST((meaning(how) == fetch_outcome::lost), how.detail);
  BOOST_TEST(server.heads == 2);
}

BOOST_AUTO_TEST_CASE(nor_when_it_has_no_body) {
  // Then nothing needs to be read a second time, and the guard that counts requests must do it alone.
  raw_server server([](auto& c, int) {
    if (c.read_request()) c.answer(jpeg);
    c.read_request();
  });
  auto e = engine();
  BOOST_TEST((meaning(run(*e, call_to(server.url()))) == fetch_outcome::image));
  auto call = call_to(server.url());
  call.body = secret();
  auto how = run(*e, std::move(call));
  BOOST_TEST((meaning(how) == fetch_outcome::lost), how.detail);
  BOOST_TEST(how.curl == CURLE_ABORTED_BY_CALLBACK);
  BOOST_TEST(server.requests == 2);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_closed_while_idle_costs_nothing) {
  raw_server server([](auto& c, int) {
    if (c.read_request()) c.answer(jpeg);
  });
  auto e = engine();
  for (int i = 1; i <= 3; ++i) {
    auto how = run(*e, call_to(server.url()));
    // The close may be on its way when the next call starts; then nothing was answered, but never was a request sent
    // twice.
    BOOST_TEST((meaning(how) != fetch_outcome::not_an_answer));
    BOOST_TEST(server.requests <= i);
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // lets the close arrive
  }
  BOOST_TEST(server.requests == 3);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_wrote_nothing) {
  auto how = run(*engine(), call_to(closed_port()));
  BOOST_TEST(how.curl == CURLE_COULDNT_CONNECT);
  BOOST_TEST(!how.any_byte_written);
  BOOST_TEST((meaning(how) == fetch_outcome::never_written));
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_wrote_nothing) {
  auto how = run(*engine(), call_to("https://nobody.invalid"));
  BOOST_TEST((meaning(how) == fetch_outcome::never_written), how.detail);
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_no_tls_wrote_nothing) {
  raw_server server([](auto& c, int) { c.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  auto how = run(*engine(), call_to("https://127.0.0.1:" + std::to_string(server.port())));
  BOOST_TEST((meaning(how) == fetch_outcome::never_written), how.detail);
}

BOOST_AUTO_TEST_CASE(a_black_hole_is_lost_at_the_time_out) {
  raw_server server([](auto& c, int) { c.hold(); });
  auto how = run(*engine(), call_to(server.url(), 300));
  BOOST_TEST(how.curl == CURLE_OPERATION_TIMEDOUT);
  BOOST_TEST((meaning(how) == fetch_outcome::lost));
  BOOST_TEST(how.took_ms >= 290u);
  BOOST_TEST(how.took_ms < 3'000u);
}

BOOST_AUTO_TEST_CASE(a_truncated_body_is_lost) {
  raw_server server([](auto& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n" + jpeg);
  });
  auto how = run(*engine(), call_to(server.url()));
  BOOST_TEST(how.curl == CURLE_PARTIAL_FILE);
  BOOST_TEST((meaning(how) == fetch_outcome::lost));
}

BOOST_AUTO_TEST_CASE(a_body_that_trickles_ends_at_the_total_time_out) {
  raw_server server([](auto& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n");
    while (c.write("x")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  auto how = run(*engine(), call_to(server.url(), 400));
  BOOST_TEST(how.curl == CURLE_OPERATION_TIMEDOUT);
  BOOST_TEST((meaning(how) == fetch_outcome::lost));
  BOOST_TEST(how.took_ms < 3'000u);
}

BOOST_AUTO_TEST_CASE(a_body_past_the_limit_is_given_up) {
  for (auto* length : {"Content-Length: 2000000\r\n", ""}) {
    raw_server server([&](auto& c, int) {
      c.read_request();
      c.write("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n" + std::string(length) + "\r\n" + jpeg);
      while (c.write(std::string(65'536, 'x'))) {
      }
    });
    auto how = run(*engine(), call_to(server.url()));
    BOOST_TEST(how.too_large);
    BOOST_TEST(how.body.size() <= 1024u * 1024 + 1);
    BOOST_TEST((meaning(how) == fetch_outcome::not_an_answer));
  }
}

BOOST_AUTO_TEST_CASE(headers_past_the_limit_are_given_up) {
  raw_server server([](auto& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\n");
    while (c.write("X-Filler: " + std::string(1'000, 'x') + "\r\n")) {
    }
  });
  auto how = run(*engine(), call_to(server.url()));
  BOOST_TEST(how.too_large, how.detail);
  BOOST_TEST((meaning(how) == fetch_outcome::not_an_answer));
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_lost) {
  raw_server server([](auto& c, int) {
    c.read_request();
    c.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  BOOST_TEST((meaning(run(*engine(), call_to(server.url()))) == fetch_outcome::lost));
}

BOOST_AUTO_TEST_CASE(a_503_and_a_redirect_are_no_answers_and_nothing_is_followed) {
  raw_server elsewhere([](auto& c, int) { c.hold(); });
  raw_server server([&](auto& c, int) {
    c.read_request();
    c.answer("<html>busy</html>", "503 Service Unavailable", "text/html");
    c.read_request();
    c.write("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + elsewhere.url() + "/\r\nContent-Length: 0\r\n\r\n");
    c.hold();
  });
  auto e = engine();
  for (auto status : {503u, 307u}) {
    auto how = run(*e, call_to(server.url()));
    BOOST_TEST(how.curl == 0);
    BOOST_TEST(how.status == status);
    BOOST_TEST((meaning(how) == fetch_outcome::not_an_answer));
  }
  BOOST_TEST(elsewhere.connections == 0);
}

BOOST_AUTO_TEST_CASE(proxies_of_the_environment_are_not_used) {
  raw_server proxy([](auto& c, int) { c.hold(); });
  raw_server server([](auto& c, int) {
    c.read_request();
    c.answer(jpeg);
  });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("ALL_PROXY", proxy.url().c_str(), 1);
  auto how = run(*engine(), call_to(server.url()));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  BOOST_TEST(how.curl == 0);
  BOOST_TEST(proxy.connections == 0);
}

BOOST_AUTO_TEST_CASE(no_more_calls_than_the_limit_are_under_way_and_the_rest_waits_its_turn) {
  std::atomic<int> now{0}, most{0};
  raw_server server([&](auto& c, int) {
    while (c.read_request()) {
      auto n = ++now;
      for (auto seen = most.load(); n > seen && !most.compare_exchange_weak(seen, n);) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      --now;
      c.answer(jpeg);
    }
  });
  auto e = engine({.inflight_max = 4});
  std::vector<std::future<http_outcome>> all;
  for (int i = 0; i < 40; ++i) all.push_back(begin(*e, call_to(server.url())));
  for (auto& one : all) BOOST_TEST(one.get().curl == 0);
  BOOST_TEST(most <= 4);
  BOOST_TEST(server.requests == 40);
  BOOST_TEST(server.connections <= 4);
}

BOOST_AUTO_TEST_CASE(urgent_calls_pass_by_a_full_engine_and_a_full_queue_refuses_at_once) {
  raw_server hole([](auto& c, int) { c.hold(); });
  raw_server server([](auto& c, int) {
    while (c.read_request()) c.answer("{}");
  });
  auto e = engine({.inflight_max = 1, .queue_max = 1});
  auto under_way = begin(*e, call_to(hole.url(), 10'000));
  while (hole.connections == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  auto queued = begin(*e, call_to(hole.url(), 300));
  auto beyond = begin(*e, call_to(hole.url(), 300));
  BOOST_REQUIRE(beyond.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  auto refused = beyond.get();
  BOOST_TEST(refused.curl == -1);
  BOOST_TEST((meaning(refused) == fetch_outcome::never_written));
  auto urgent = call_to(server.url());
  urgent.urgent = true;
  BOOST_TEST(run(*e, std::move(urgent)).curl == 0);
  // What waits in the queue past its time-out ends too, unsent.
  auto late = queued.get();
  BOOST_TEST(late.curl == -1);
  BOOST_TEST(!late.any_byte_written);
  e->stop();
  BOOST_TEST((meaning(under_way.get()) == fetch_outcome::lost));
}

BOOST_AUTO_TEST_CASE(stopping_ends_every_call_with_the_truth) {
  raw_server hole([](auto& c, int) { c.hold(); });
  auto e = engine({.inflight_max = 2});
  std::vector<std::future<http_outcome>> all;
  for (int i = 0; i < 5; ++i) all.push_back(begin(*e, call_to(hole.url(), 30'000)));
  while (hole.connections < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50)); // lets the requests be written
  auto before = std::chrono::steady_clock::now();
  e->stop();
  BOOST_TEST((std::chrono::steady_clock::now() - before < std::chrono::seconds(2)));
  std::map<fetch_outcome, int> ends;
  for (auto& one : all) {
    BOOST_REQUIRE(one.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    ++ends[meaning(one.get())];
  }
  BOOST_TEST(ends[fetch_outcome::lost] == 2);
  BOOST_TEST(ends[fetch_outcome::never_written] == 3);
  BOOST_TEST(run(*e, call_to(hole.url())).curl == -1);
}

BOOST_AUTO_TEST_CASE(the_last_owner_may_let_go_on_the_engines_own_thread) {
  raw_server server([](auto& c, int) {
    c.read_request();
    c.answer(jpeg);
  });
  auto let_go = std::make_shared<std::promise<void>>();
  auto gone = let_go->get_future();
  {
    auto e = engine();
    auto* raw = e.get();
    raw->start(call_to(server.url()), [e = std::move(e), let_go](http_outcome) mutable {
      e.reset();
      let_go->set_value();
    });
  }
  BOOST_REQUIRE(gone.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
}

BOOST_AUTO_TEST_CASE(a_configuration_without_room_is_refused) {
  BOOST_TEST((code_of(validate(call_engine_config{.inflight_max = 0})) == ec::invalid_config));
  BOOST_TEST((code_of(validate(call_engine_config{.queue_max = 0})) == ec::invalid_config));
  BOOST_TEST(!validate(call_engine_config{}));
}

BOOST_AUTO_TEST_SUITE_END()
