#pragma once

#include "messages/http.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace qrwell::http {

struct parse_limits {
  size_t header_bytes_max = 16 * 1024;           ///< request line and header fields
  size_t body_bytes_max = 64 * 1024;             ///< decoded
  size_t batch_body_bytes_max = 4 * 1024 * 1024; ///< decoded, of requests that `is_batch` knows
  bool (*is_batch)(http_method method, std::string_view path) = nullptr;
};

/// What is known of an unfinished request from one read to the next, so that a request which comes a byte at a time
/// costs as much in all as one that comes whole. All zero at the start of a request.
struct parse_progress {
  size_t need = 0;         ///< parse() has nothing to say before the buffer holds as many bytes
  size_t scanned = 0;      ///< no end of header before this
  size_t header_bytes = 0; ///< 0: the header is not complete
  size_t chunk_at = 0;     ///< chunked body: the next chunk's size line; 0: not chunked
  size_t body_bytes = 0;   ///< chunked body: decoded bytes before chunk_at
  size_t body_bytes_max = 0;
  bool trailer = false;
};

/// Parses one request at the front of a contiguous buffer, in place. Made anew for every call; after `done` its views
/// point into the buffer (or into itself) and hold as long as both do. Boost.Beast reads the header; the framing of the
/// body is decided here, since whoever mistakes where a request ends can be made to take a stranger's bytes for a
/// request (RFC 9112, section 11.2): on any doubt it is `bad`, and the caller must answer and close the connection.
class request_parser {
public:
  enum class result {
    done,
    more, ///< call again with the same bytes and more, at least progress.need
    bad   ///< see status() and sentence()
  };

  result parse(std::string_view in, parse_progress& progress, const parse_limits& limits);

  http_method method = http_method::other;
  std::string_view target; ///< origin form, or "*" of OPTIONS
  std::string_view host, authorization, content_type, content_encoding, idempotency_key, if_match, range, if_range,
      request_id;
  std::string_view asked_method; ///< of a CORS preflight: Access-Control-Request-Method
  /// Lists: repeated fields are joined.
  std::string_view accept, accept_encoding, if_none_match, forwarded_for, forwarded;
  std::string_view body;
  size_t used = 0;               ///< bytes of the buffer that were this request
  bool last = false;             ///< the connection ends with this request
  bool http_10 = false;          ///< it stays open only because the client asked for it, which the answer must confirm
  bool framed = false;           ///< says where its body ends: Content-Length or chunks
  bool expects_continue = false; ///< after `more` too, in the call that completes the header

  /// After `bad`: the HTTP status and a sentence for the client.
  int status() const noexcept { return status_; }
  std::string_view sentence() const noexcept { return sentence_; }

private:
  friend class header_reader;

  result bad(int status, std::string_view sentence);
  result find_header(std::string_view in, parse_progress& progress, const parse_limits& limits);
  result read_header(std::string_view header, bool& chunked, size_t& length);
  result take_target();
  result walk_chunks(std::string_view in, parse_progress& progress, const parse_limits& limits);
  void join_chunks(std::string_view in, size_t from);

  int status_ = 0;
  std::string_view sentence_;
  std::string joined_[5], chunks_;
};

/// Bytes of blank lines at the front, which RFC 9112 (2.2) wants ignored before a request.
size_t blank_lines(std::string_view in) noexcept;

} // namespace qrwell::http
