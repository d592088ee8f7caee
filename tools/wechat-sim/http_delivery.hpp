#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "tools/wechat-sim/sim_answer.hpp"

namespace qrwell::sim {

/// Closes a connection with RST: a linger time of zero has it sent.
void reset_connection(boost::asio::ip::tcp::socket& peer);

/// Sends an answer the way it wants to be sent. True if the connection can take another request.
boost::asio::awaitable<bool> deliver(boost::beast::tcp_stream& stream, const sim_answer& answer, bool keep_alive);

/// Closes a connection whose client may still be sending: without reading what comes, for a second and 1 MB at the
/// most, the kernel would reset the connection and the client might never see the answer.
boost::asio::awaitable<void> close_politely(boost::beast::tcp_stream& stream);

} // namespace qrwell::sim
