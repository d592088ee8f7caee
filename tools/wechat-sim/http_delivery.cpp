#include "tools/wechat-sim/http_delivery.hpp"

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/http_server.hpp"

// g++ 12 takes the frames of coroutines for mismatched when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace qrwell::sim {

namespace net = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto no_throw = net::as_tuple(net::use_awaitable);
constexpr std::size_t slow_pieces = 20;
constexpr std::chrono::seconds write_timeout{60};
/// Without it a reset would overtake what was just sent and the client would see none of it.
constexpr int64_t reset_pause_ms = 20;

net::awaitable<void> pause(beast::tcp_stream& stream, int64_t ms) {
  net::steady_timer timer{stream.get_executor(), std::chrono::milliseconds{ms}};
  co_await timer.async_wait(no_throw);
}

std::string head_of(const sim_answer& answer, bool keep_alive) {
  return fmt::format("HTTP/1.1 {} {}\r\nConnection: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
                     answer.status,
                     std::string_view{beast::http::obsolete_reason(static_cast<beast::http::status>(answer.status))},
                     keep_alive ? "keep-alive" : "close", answer.content_type, answer.body->size());
}

void reset(beast::tcp_stream& stream) {
  reset_connection(stream.socket());
}

net::awaitable<bool> send(beast::tcp_stream& stream, std::string_view head, std::string_view body) {
  stream.expires_after(write_timeout);
  std::array<net::const_buffer, 2> parts{net::buffer(head.data(), head.size()), net::buffer(body.data(), body.size())};
  auto [failed, sent] = co_await net::async_write(stream, parts, no_throw);
  co_return !failed;
}

net::awaitable<bool> send_slowly(beast::tcp_stream& stream, std::string_view head, std::string_view body, int64_t ms) {
  if (!co_await send(stream, head, {})) co_return false;
  auto piece = body.size() / slow_pieces + 1;
  while (!body.empty()) {
    stream.expires_never();
    co_await pause(stream, ms / static_cast<int64_t>(slow_pieces));
    if (!co_await send(stream, {}, body.substr(0, piece))) co_return false;
    body.remove_prefix(std::min(piece, body.size()));
  }
  co_return true;
}

/// Waits, without a word, for the client to go away.
net::awaitable<void> hold(beast::tcp_stream& stream) {
  stream.expires_after(std::chrono::milliseconds{http_server::silence_ms});
  std::array<char, 1024> heard{};
  bool there = true;
  while (there) {
    auto [failed, size] = co_await stream.async_read_some(net::buffer(heard), no_throw);
    there = !failed;
  }
}

} // namespace

void reset_connection(net::ip::tcp::socket& peer) {
  boost::system::error_code ignored;
  peer.set_option(net::socket_base::linger{true, 0}, ignored);
  peer.close(ignored);
}

net::awaitable<bool> deliver(beast::tcp_stream& stream, const sim_answer& answer, bool keep_alive) {
  if (answer.delay_ms > 0) {
    stream.expires_never();
    co_await pause(stream, answer.delay_ms);
  }
  auto head = head_of(answer, keep_alive);
  std::string_view body = *answer.body;
  switch (answer.how) {
  case delivery::silence:
    co_await hold(stream);
    co_return false;
  case delivery::reset:
    reset(stream);
    co_return false;
  case delivery::reset_mid_head:
    co_await send(stream, std::string_view{head}.substr(0, head.size() / 2), {});
    co_await pause(stream, reset_pause_ms);
    reset(stream);
    co_return false;
  case delivery::truncated:
    co_await send(stream, head, body.substr(0, body.size() / 2));
    co_return false;
  case delivery::reset_mid_body:
    co_await send(stream, head, body.substr(0, body.size() / 2));
    co_await pause(stream, reset_pause_ms);
    reset(stream);
    co_return false;
  case delivery::whole:
    break;
  }
  bool sent =
      answer.body_ms > 0 ? co_await send_slowly(stream, head, body, answer.body_ms) : co_await send(stream, head, body);
  co_return sent&& keep_alive;
}

net::awaitable<void> close_politely(beast::tcp_stream& stream) {
  constexpr std::size_t drained_max = std::size_t{1} << 20U;
  boost::system::error_code ignored;
  stream.socket().shutdown(net::socket_base::shutdown_send, ignored);
  stream.expires_after(std::chrono::seconds{1});
  std::array<char, 16384> heard{};
  for (std::size_t drained = 0; drained < drained_max;) {
    auto [failed, size] = co_await stream.async_read_some(net::buffer(heard), no_throw);
    if (failed) break;
    drained += size;
  }
}

} // namespace qrwell::sim
