#include "tools/wechat-sim/http_server.hpp"

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/tools/wechat_sim/sim_fixture.hpp"

using namespace qrwell::sim;
using namespace qrwell::sim::testing;
namespace net = boost::asio;
using tcp = net::ip::tcp;

namespace {

struct served_fixture {
  served_fixture() {
    std::string problem;
    port = server.listen("127.0.0.1", 0, problem);
    BOOST_TEST_REQUIRE(port != 0, problem);
    thread = std::thread{[this] { io.run(); }};
  }
  ~served_fixture() {
    io.stop();
    thread.join();
  }

  sim_core core{settings_of_two_apps()};
  net::io_context io{1};
  http_server server{io, core};
  uint16_t port = 0;
  std::thread thread;
};

/// A client that shows bytes as they are, so that broken answers can be told apart.
class raw_client {
public:
  explicit raw_client(uint16_t port)
      : socket_(io_) {
    socket_.connect({net::ip::make_address("127.0.0.1"), port});
  }

  void send(const std::string& bytes) { net::write(socket_, net::buffer(bytes)); }

  void post(const std::string& target, const std::string& body) {
    send("POST " + target + " HTTP/1.1\r\nHost: sim\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body);
  }

  /// One whole answer, head and body, by its Content-Length.
  std::string receive() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) more();
    auto head_size = buffer_.find("\r\n\r\n") + 4;
    auto length_at = buffer_.find("Content-Length: ") + 16;
    auto size = head_size + static_cast<std::size_t>(std::stoul(buffer_.substr(length_at)));
    while (buffer_.size() < size) more();
    auto answer = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }

  /// Everything until the connection ends, and how it ended.
  std::string receive_all(boost::system::error_code& ended) {
    std::string all = std::move(buffer_);
    std::array<char, 65536> piece{};
    for (ended = {}; !ended;) all.append(piece.data(), socket_.read_some(net::buffer(piece), ended));
    return all;
  }

  tcp::socket& socket() { return socket_; }

private:
  void more() {
    std::array<char, 65536> piece{};
    buffer_.append(piece.data(), socket_.read_some(net::buffer(piece)));
  }

  net::io_context io_;
  tcp::socket socket_;
  std::string buffer_;
};

struct client_fixture : served_fixture, raw_client {
  client_fixture()
      : raw_client(served_fixture::port) {
    post("/cgi-bin/stable_token", R"({"grant_type":"client_credential","appid":"wxone","secret":"secret1"})");
    auto answer = receive();
    auto granted = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
    target = "/wxa/getwxacodeunlimit?access_token=" + std::string{granted.at("access_token").as_string()};
  }

  void fault(const std::string& json) {
    post("/sim/faults", json);
    BOOST_TEST(receive().starts_with("HTTP/1.1 200 OK\r\n"), json);
  }

  /// Content-Length of an answer's head, and the bytes that came after the head.
  static std::pair<std::size_t, std::size_t> promised_and_sent(const std::string& answer) {
    auto head = answer.find("\r\n\r\n") + 4;
    return {std::stoul(answer.substr(answer.find("Content-Length: ") + 16)), answer.size() - head};
  }

  std::string target;
  const std::string body = R"({"scene":"abc"})";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_suite, client_fixture)

BOOST_AUTO_TEST_CASE(one_connection_serves_many_calls_also_in_a_row) {
  for (int i = 0; i < 3; ++i) {
    post(target, body);
    post(target, "{}");
  }
  for (int i = 0; i < 3; ++i) {
    auto image = receive();
    BOOST_TEST(image.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(image.find("Content-Type: image/jpeg\r\n") != std::string::npos);
    BOOST_TEST(image.find("Connection: keep-alive\r\n") != std::string::npos);
    BOOST_TEST(image.ends_with("\xFF\xD9"));
    auto error = receive();
    BOOST_TEST(error.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(error.find("Content-Type: application/json; encoding=utf-8\r\n") != std::string::npos);
  }
  post("/sim/reset", "");
  receive();
  send("GET /sim/state HTTP/1.1\r\nHost: sim\r\n\r\n");
  BOOST_TEST(receive().find(R"("connections":{"open":1,"open_max":1,"accepted":1,"refused":0})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_truncated_body_promises_more_than_it_sends) {
  fault(R"({"kind":"truncated"})");
  post(target, body);
  boost::system::error_code ended;
  auto [promised, sent] = promised_and_sent(receive_all(ended));
  BOOST_TEST(ended == net::error::eof);
  BOOST_TEST(promised > 1000U);
  BOOST_TEST(sent == promised / 2);
}

BOOST_AUTO_TEST_CASE(a_reset_sends_nothing) {
  fault(R"({"kind":"reset"})");
  post(target, body);
  boost::system::error_code ended;
  BOOST_TEST(receive_all(ended).empty());
  BOOST_TEST(ended == net::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(a_reset_in_the_middle_of_the_body) {
  fault(R"({"kind":"reset_mid_body"})");
  post(target, body);
  boost::system::error_code ended;
  auto [promised, sent] = promised_and_sent(receive_all(ended));
  BOOST_TEST(ended == net::error::connection_reset);
  BOOST_TEST(sent == promised / 2);
}

BOOST_AUTO_TEST_CASE(a_reset_in_the_middle_of_the_headers) {
  fault(R"({"kind":"reset_mid_head"})");
  post(target, body);
  boost::system::error_code ended;
  auto heard = receive_all(ended);
  BOOST_TEST(ended == net::error::connection_reset);
  BOOST_TEST(heard.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(heard.find("\r\n\r\n") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_short_body_promises_what_it_sends) {
  fault(R"({"kind":"short_body"})");
  post(target, body);
  auto answer = receive();
  BOOST_TEST(!answer.ends_with("\xFF\xD9"));
  auto [promised, sent] = promised_and_sent(answer);
  BOOST_TEST(sent == promised);
}

BOOST_AUTO_TEST_CASE(reset_on_accept_reads_nothing_and_leaves_open_connections_alone) {
  fault(R"({"kind":"reset_on_accept","count":1})");
  raw_client refused{port};
  boost::system::error_code ended;
  BOOST_TEST(refused.receive_all(ended).empty());
  BOOST_TEST(ended == net::error::connection_reset);
  post(target, body);
  BOOST_TEST(receive().ends_with("\xFF\xD9"));
  raw_client next{port};
  next.post(target, body);
  BOOST_TEST(next.receive().ends_with("\xFF\xD9"));
}

BOOST_AUTO_TEST_CASE(a_launch_is_played_by_a_control_call) {
  // The simulator is no well, so the page is told so much.
  post("/sim/launch",
       R"({"scene":"abc","server":"http://127.0.0.1:)" + std::to_string(port) + R"(","package_ms":1,"network_ms":1})");
  auto answer = receive();
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  auto played = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  BOOST_TEST(played.at("with_prefetch").at("outcome") == "away");
  BOOST_TEST(played.at("without_prefetch").at("request").at("status") == 200);
  BOOST_TEST(played.at("saved_ms").is_number());
  for (const char* bad : {"nonsense", "{}", R"({"scene":"a","server":"ftp://h"})"}) {
    post("/sim/launch", bad);
    BOOST_TEST(receive().starts_with("HTTP/1.1 400 Bad Request\r\n"), bad);
  }
}

BOOST_AUTO_TEST_CASE(a_black_hole_says_nothing_until_the_client_leaves_and_others_are_served) {
  fault(R"({"kind":"black_hole","count":1})");
  post(target, body);
  raw_client other{port};
  other.post(target, body);
  BOOST_TEST(other.receive().ends_with("\xFF\xD9"));
  BOOST_TEST(socket().available() == 0U);
  boost::system::error_code ignored;
  socket().close(ignored);
  // The server notices that the client has left.
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  bool gone = false;
  while (!gone && std::chrono::steady_clock::now() < until) {
    other.send("GET /sim/state HTTP/1.1\r\nHost: sim\r\n\r\n");
    gone = other.receive().find(R"("connections":{"open":1,)") != std::string::npos;
  }
  BOOST_TEST(gone);
}

BOOST_AUTO_TEST_CASE(a_slow_body_and_a_latency_take_their_time) {
  using clock = std::chrono::steady_clock;
  auto timed = [&] {
    auto start = clock::now();
    post(target, body);
    BOOST_TEST(receive().ends_with("\xFF\xD9"));
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start).count();
  };
  timed();
  fault(R"({"kind":"slow_body","ms":300,"count":1})");
  BOOST_TEST(timed() >= 280);
  fault(R"({"kind":"latency","min_ms":150,"max_ms":150})");
  BOOST_TEST(timed() >= 150);
}

BOOST_AUTO_TEST_CASE(a_status_of_the_gateway) {
  fault(R"({"kind":"http_status","code":503,"count":1})");
  post(target, body);
  auto answer = receive();
  BOOST_TEST(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  BOOST_TEST(answer.find("Content-Type: text/html\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(too_much_is_refused) {
  post(target, std::string(http_server::body_bytes_max + 1, 'x'));
  boost::system::error_code ended;
  BOOST_TEST(receive_all(ended).starts_with("HTTP/1.1 413 "));
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_refused) {
  send("nonsense\r\n\r\n");
  boost::system::error_code ended;
  BOOST_TEST(receive_all(ended).starts_with("HTTP/1.1 400 "));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_or_taken_is_told) {
  std::string problem;
  http_server second{io, core};
  BOOST_TEST(second.listen("localhost", 0, problem) == 0);
  BOOST_TEST(problem == "localhost is not an IP address");
  http_server third{io, core};
  BOOST_TEST(third.listen("127.0.0.1", port, problem) == 0);
  BOOST_TEST(problem.starts_with("cannot listen on 127.0.0.1:"));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Two hosts of WeChat and a listener for control calls.
struct many_hosts_fixture {
  many_hosts_fixture() {
    std::string problem;
    one = server.listen("127.0.0.1", 0, problem);
    two = server.listen("127.0.0.1", 0, problem);
    control = server.listen("127.0.0.1", 0, problem, listener_kind::control);
    BOOST_TEST_REQUIRE((one != 0 && two != 0 && control != 0), problem);
    thread = std::thread{[this] { io.run(); }};
  }
  ~many_hosts_fixture() {
    io.stop();
    thread.join();
  }

  static std::string ask(uint16_t port, const std::string& target, const std::string& body) {
    raw_client client{port};
    boost::system::error_code ended;
    try {
      client.post(target, body);
    } catch (const boost::system::system_error&) {
      return {}; // it was reset before the request was out
    }
    client.socket().shutdown(tcp::socket::shutdown_send, ended);
    return client.receive_all(ended);
  }

  sim_core core{settings_of_two_apps()};
  net::io_context io{1};
  http_server server{io, core};
  uint16_t one = 0;
  uint16_t two = 0;
  uint16_t control = 0;
  std::thread thread;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(many_hosts_suite, many_hosts_fixture)

BOOST_AUTO_TEST_CASE(one_host_can_be_away_while_the_other_serves_and_the_control_calls_come_through) {
  const std::string credentials = R"({"grant_type":"client_credential","appid":"wxone","secret":"secret1"})";
  auto name = "127.0.0.1:" + std::to_string(one);
  ask(control, "/sim/faults", R"({"kind":"reset_on_accept","host":")" + name + "\"}");
  BOOST_TEST(ask(one, "/cgi-bin/stable_token", credentials).empty());
  BOOST_TEST(ask(two, "/cgi-bin/stable_token", credentials).find("access_token") != std::string::npos);
  ask(control, "/sim/faults", R"([{"kind":"none"},{"kind":"reset_on_accept"}])");
  BOOST_TEST(ask(two, "/cgi-bin/stable_token", credentials).empty());
  BOOST_TEST(ask(control, "/sim/faults", R"({"kind":"none"})").find(" 200 OK") != std::string::npos);
  // The same token from either host.
  auto first = ask(one, "/cgi-bin/stable_token", credentials);
  auto second = ask(two, "/cgi-bin/stable_token", credentials);
  auto token_in = [](const std::string& answer) { return answer.substr(answer.find("86_"), 100); };
  BOOST_TEST(token_in(first) == token_in(second));
}

BOOST_AUTO_TEST_SUITE_END()
