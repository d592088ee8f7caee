#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "tools/wechat-sim/sim_answer.hpp"

namespace qrwell::sim {

/// Sends an answer the way it wants to be sent. True if the connection can take another request.
boost::asio::awaitable<bool> deliver(boost::beast::tcp_stream& stream, const sim_answer& answer, bool keep_alive);

} // namespace qrwell::sim
