#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tools/wechat-sim/sim_core.hpp"

namespace qrwell::sim {

/// Serves a sim_core over HTTP/1.1 with keep-alive. One thread runs the io_context, so the core needs no lock.
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
      , core_(core)
      , acceptor_(io) {}

  /// Listens on an IP address; port 0 lets the kernel choose. Returns the port, or 0 with a sentence in `problem`.
  uint16_t listen(const std::string& address, uint16_t port, std::string& problem);
  /// Stops accepting; open connections live until the io_context stops.
  void stop();

private:
  using socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(socket peer);

  boost::asio::io_context& io_;
  sim_core& core_;
  boost::asio::ip::tcp::acceptor acceptor_;
  /// Shared with the connections, which may outlive the server.
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

} // namespace qrwell::sim
