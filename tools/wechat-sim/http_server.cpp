#include "tools/wechat-sim/http_server.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/http_delivery.hpp"
#include "tools/wechat-sim/launch_player.hpp"
#include "tools/wechat-sim/sim_clock.hpp"
#include "tools/wechat-sim/sim_errors.hpp"

// g++ 12 takes the frames of coroutines for mismatched when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace qrwell::sim {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto no_throw = net::as_tuple(net::use_awaitable);

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// Counts a connection for as long as it is there.
class presence {
public:
  presence(sim_core& core, std::shared_ptr<std::size_t> open)
      : core_(core)
      , open_(std::move(open)) {
    ++*open_;
    core_.connection_opened();
  }
  ~presence() {
    --*open_;
    core_.connection_closed();
  }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;

private:
  sim_core& core_;
  std::shared_ptr<std::size_t> open_;
};

/// What to say to a client whose request cannot be read; nothing if the client just left.
std::optional<sim_answer> complaint(const boost::system::error_code& failed) {
  auto text = [](unsigned status, const char* what) {
    return sim_answer{status, "text/plain", std::make_shared<const std::string>(what)};
  };
  if (failed == http::error::body_limit || failed == http::error::header_limit)
    return text(413, "the request is too large\n");
  bool left = failed == http::error::end_of_stream || failed == http::error::partial_message;
  bool not_http = failed.category() == http::make_error_code(http::error::bad_method).category();
  if (not_http && !left) return text(400, "this is not HTTP/1.1\n");
  return std::nullopt;
}

} // namespace

uint16_t http_server::listen(const std::string& address, uint16_t port, std::string& problem, listener_kind kind) {
  boost::system::error_code failed;
  auto ip = net::ip::make_address(address, failed);
  if (failed) {
    problem = fmt::format("{} is not an IP address", address);
    return 0;
  }
  net::ip::tcp::endpoint here{ip, port};
  net::ip::tcp::acceptor acceptor{io_};
  acceptor.open(here.protocol(), failed);
  if (!failed) acceptor.set_option(net::socket_base::reuse_address{true}, failed);
  if (!failed) acceptor.bind(here, failed);
  if (!failed) acceptor.listen(net::socket_base::max_listen_connections, failed);
  if (failed) {
    problem = fmt::format("cannot listen on {}:{}: {}", address, port, failed.message());
    return 0;
  }
  auto bound = acceptor.local_endpoint().port();
  auto name = fmt::format("{}:{}", address, bound);
  if (kind == listener_kind::wechat) core_.listening_on(name);
  listeners_.push_back({std::move(acceptor), kind, std::move(name)});
  net::co_spawn(io_, accept(listeners_.back()), net::detached);
  return bound;
}

void http_server::stop() {
  boost::system::error_code ignored;
  for (auto& here : listeners_) here.acceptor.close(ignored);
}

net::awaitable<void> http_server::accept(listener& here) {
  while (here.acceptor.is_open()) {
    auto [failed, peer] = co_await here.acceptor.async_accept(no_throw);
    if (failed) {
      // Out of descriptors, most likely: give connections time to end.
      net::steady_timer timer{io_, std::chrono::milliseconds{50}};
      co_await timer.async_wait(no_throw);
      continue;
    }
    if (*open_ == connections_max) continue;
    if (here.kind == listener_kind::wechat && !core_.accepts(here.name, now_us())) {
      reset_connection(peer);
      continue;
    }
    boost::system::error_code ignored;
    peer.set_option(net::ip::tcp::no_delay{true}, ignored);
    net::co_spawn(io_, serve(std::move(peer), here.name), net::detached);
  }
}

net::awaitable<void> http_server::serve(socket peer, std::string listener_name) {
  presence here{core_, open_};
  boost::system::error_code ignored;
  auto client = peer.remote_endpoint(ignored).address().to_string();
  beast::tcp_stream stream{std::move(peer)};
  beast::flat_buffer buffer{head_bytes_max + body_bytes_max};
  bool more = true;
  while (more) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(head_bytes_max);
    parser.body_limit(body_bytes_max);
    stream.expires_after(std::chrono::milliseconds{idle_ms});
    auto [failed, size] = co_await http::async_read(stream, buffer, parser, no_throw);
    if (failed) {
      if (auto answer = complaint(failed)) {
        co_await deliver(stream, *answer, false);
        co_await close_politely(stream);
      }
      break;
    }
    const auto& request = parser.get();
    auto target = view(request.target());
    auto path = target.substr(0, target.find('?'));
    auto query = target.substr(std::min(path.size() + 1, target.size()));
    auto method = view(request.method_string());
    sim_answer answer;
    if (path == "/sim/launch" && method == "POST") {
      stream.expires_never();
      answer = co_await launch(request.body());
    } else {
      auto host = view(request[http::field::host]);
      answer = core_.handle({method, path, query, request.body(), client, host, listener_name}, now_us());
    }
    more = co_await deliver(stream, answer, request.keep_alive());
  }
  stream.socket().shutdown(net::socket_base::shutdown_send, ignored);
}

net::awaitable<sim_answer> http_server::launch(std::string body) {
  auto fields = parse_object(body);
  std::variant<launch_plan, std::string> read{"the body must be a JSON object with scene or link, and server"};
  if (fields) read = read_launch(*fields);
  boost::json::object shown;
  unsigned status = 200;
  if (auto* wrong = std::get_if<std::string>(&read)) {
    status = 400;
    shown["error"] = *wrong;
  } else {
    shown = co_await play_launch(std::get<launch_plan>(std::move(read)));
  }
  sim_answer answer{status, "application/json", nullptr};
  answer.body = std::make_shared<const std::string>(boost::json::serialize(shown) + "\n");
  co_return answer;
}

} // namespace qrwell::sim
