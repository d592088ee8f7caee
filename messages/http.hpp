#pragma once

#include "messages/common.hpp"
#include "messages/secret.hpp"

namespace qrwell {

/// The connection and the request on it. `connection` holds a serial number beside the descriptor, so that an answer
/// that comes late finds no stranger on a descriptor that was used again.
struct http_place {
  uint64_t connection = 0;
  uint32_t number = 0;
  QRWELL_FIELDS(http_place, connection, number)
};

enum class http_method : uint8_t { get, head, post, put, patch, del, options, trace, other };

/// One parsed request. Header fields that nobody reads are not carried.
struct http_request {
  http_place at;
  http_method method = http_method::get;
  std::string target;   ///< origin form as sent: path, and query after '?'
  secret authorization; ///< the whole header field
  std::string host, accept, content_type, idempotency_key, if_match, if_none_match, range, if_range, request_id;
  bool idempotency_key_sent = false; ///< perhaps an empty one, which is wrong
  bool gzip = false;                 ///< the client takes answers that are compressed so
  std::string peer;                  ///< the client's address: the connection's, or what a trusted proxy says
  bool operators = false;            ///< it came by the operators' listener
  std::string body;
  uint32_t remaining_ms = 0; ///< until the request's deadline, counted from its first byte
  QRWELL_FIELDS(http_request, at, method, target, authorization, host, accept, content_type, idempotency_key, if_match,
                if_none_match, range, if_range, request_id, idempotency_key_sent, gzip, peer, operators, body,
                remaining_ms)
};

/// All requests of one class that one round of the multiplexer brought.
struct http_batch {
  std::vector<http_request> requests;
  QRWELL_FIELDS(http_batch, requests)
};

/// One answer: a slice of the arena of its message.
struct http_answer {
  http_place at;
  uint32_t offset = 0, size = 0;
  bool close = false; ///< close the connection after it
  bool timed = false; ///< whoever reads it may see how long it took
  QRWELL_FIELDS(http_answer, at, offset, size, close, timed)
};

/// Answers of one group, complete with status line and headers, in one arena.
struct http_answers {
  std::string arena;
  std::vector<http_answer> answers;
  QRWELL_FIELDS(http_answers, arena, answers)
};

} // namespace qrwell
