#pragma once

#include "runtime/http/request_parser.hpp"
#include "runtime/http/routes.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace qrwell {

/// One connection's socket, as the table sees it: bytes out, and whether to read. Calls never come back into the table.
class connection_port {
public:
  virtual ~connection_port() = default;

  /// Answers are appended here.
  virtual std::vector<char>& out() = 0;

  /// Sends what it can now; the rest follows when the peer takes it, and the table hears `drained`.
  virtual void flush() = 0;
  virtual size_t unsent() const = 0;
  virtual bool has_unread() const = 0; ///< bytes that came and that nobody has read yet
  virtual void reading(bool on) = 0;

  /// Ends our direction; only called with nothing unsent.
  virtual void finish() = 0;

  /// Closes. The port may be gone after the present event.
  virtual void close() = 0;

  /// Closes, and what was not sent yet is lost.
  virtual void abort() = 0;
};

/// A request that was given out and not answered.
struct pending_request {
  uint32_t number = 0;
  http::request_class cls = http::request_class::admin;
  bool head = false;
  int64_t since_ms = 0, give_up_ms = 0;
  std::string request_id;
};

/// One open connection.
struct connection {
  connection_port* port = nullptr;
  uint32_t serial = 0;
  uint32_t next = 0;        ///< number of the next request
  uint32_t head = 0;        ///< number of the next answer to be written: answers leave in the order of requests
  bool last = false;        ///< no request after number next - 1 will be read
  bool linger = false;      ///< we end it, and the peer may be sending: read on a while before the close
  bool lingering = false;   ///< our direction is ended
  bool peer_done = false;   ///< the peer sends no more
  bool turned_away = false; ///< past connections_max: hears so when it asks for something
  bool halted = false;
  bool trusted = false;    ///< the peer is a proxy whose word on its clients' addresses is taken
  bool keep_alive = false; ///< the last request was of HTTP/1.0 and asked to keep the connection
  bool wants_continue = false, continued = false;
  int64_t request_since_ms = -1; ///< first byte of the unfinished request; -1: none
  int64_t idle_since_ms = 0;
  int64_t stuck_since_ms = 0; ///< when the peer last took something, while something is unsent
  size_t lingered_bytes = 0, early_bytes = 0, counted_bytes = 0;
  http::parse_progress progress;
  std::string peer;
  std::string in;                                      ///< what a read left unfinished
  std::vector<pending_request> pending;                ///< in the order of their numbers
  std::vector<std::pair<uint32_t, std::string>> early; ///< answers that overtook another

  bool settled() const noexcept { return head == next; }
};

} // namespace qrwell
