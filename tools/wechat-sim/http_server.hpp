#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tools/wechat-sim/sim_core.hpp"

namespace qrwell::sim {

/// What a listener is for: faults may strike its new connections, or must not, so that control calls come through.
enum class listener_kind { wechat, control };

/// Serves a sim_core over HTTP/1.1 with keep-alive, on any number of addresses. One thread runs the io_context, so the
/// core needs no lock.
class http_server {
public:
  static constexpr std::size_t connections_max = 4096;
  static constexpr std::size_t head_bytes_max = 16 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024;
  static constexpr int64_t idle_ms = 75'000;
  /// How long a black hole holds a connection whose client does not give up.
  static constexpr int64_t silence_ms = 600'000;

  /// `core` must outlive `io`, whose end ends the connections.
  http_server(boost::asio::io_context& io, sim_core& core)
      : io_(io)
      , core_(core) {}

  /// Listens on an IP address; port 0 lets the kernel choose. Returns the port, or 0 with a sentence in `problem`.
  /// May be called several times: all listeners serve everything.
  uint16_t listen(const std::string& address, uint16_t port, std::string& problem,
                  listener_kind kind = listener_kind::wechat);
  /// Stops accepting; open connections live until the io_context stops.
  void stop();

private:
  using socket = boost::asio::ip::tcp::socket;

  struct listener {
    boost::asio::ip::tcp::acceptor acceptor;
    listener_kind kind;
    std::string name; // HOST:PORT
  };

  boost::asio::awaitable<void> accept(listener& here);
  boost::asio::awaitable<void> serve(socket peer, std::string listener_name);
  /// POST /sim/launch, which makes calls of its own.
  static boost::asio::awaitable<sim_answer> launch(std::string body);

  boost::asio::io_context& io_;
  sim_core& core_;
  /// Their addresses stay.
  std::deque<listener> listeners_;
  /// Shared with the connections, which may outlive the server.
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

} // namespace qrwell::sim
