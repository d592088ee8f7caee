#pragma once

#include "messages/errors.hpp"
#include "runtime/http/routes.hpp"

#include <array>
#include <cstdint>

namespace qrwell {

/// The budget of one class of requests.
struct class_limits {
  uint32_t inflight_max = 256;       ///< requests given out and not answered; past it 503 at once
  uint32_t deadline_ms = 2'000;      ///< what a request's remaining_ms starts with
  uint32_t give_up_after_ms = 3'000; ///< then the front end answers 503 itself, so that no client waits for ever
};

/// Limits of one listener. Times are milliseconds.
struct http_limits {
  /// Past it a new client gets the place of the connection that is idle longest; if none is, it is turned away.
  uint32_t connections_max = 10'000;
  uint32_t turned_away_max = 256;          ///< clients that are turned away and hear so; past it the first of them goes
  uint32_t idle_before_evicted_ms = 1'000; ///< only then nothing is on its way to us any more
  uint32_t pipelined_max = 32;             ///< unanswered requests of a connection; past it, it is not read
  uint32_t header_bytes_max = 16 * 1024;
  uint32_t body_bytes_max = 64 * 1024;
  uint32_t batch_body_bytes_max = 4 * 1024 * 1024;
  uint32_t unsent_bytes_max = 256 * 1024; ///< of a connection; past it, it is not read
  uint64_t held_bytes_max = 256ull << 20; ///< unfinished requests and unsent answers of all connections; past it 503,
                                          ///< and nobody who holds some is read
  uint32_t hot_scenes_max = 65'536;       ///< ready answers of scenes; 0: none
  uint64_t hot_bytes_max = 64ull << 20;
  uint32_t idle_timeout_ms = 75'000; ///< between requests
  uint32_t header_timeout_ms =
      10'000; ///< from the first byte of a request to the end of its header; more bytes do not push it back
  uint32_t body_timeout_ms = 30'000; ///< after header_timeout_ms, for the rest of a body
  uint32_t send_timeout_ms = 10'000; ///< an unsent answer of which the peer takes nothing
  uint32_t linger_ms =
      2'000; ///< how long what a peer still sends is read and dropped before a close, so that it sees our answer
  uint32_t linger_bytes_max = 1024 * 1024;
  uint32_t drain_timeout_ms = 10'000; ///< of a stop: then what is left is cut off
  /// scan, issue, batch, code, bulk, transfer, admin. Half as much again and more of what the actors behind take at
  /// once, so that it is they who refuse: they know whose request it is. Issue may wait for a live fetch (5 s), a batch
  /// for its key's rate, the operator half an hour for a check of the whole store; the other administrative calls have
  /// shorter time-outs of their own.
  std::array<class_limits, http::request_classes> classes{{{8'192, 2'000, 3'000},
                                                           {8'192, 2'000, 6'000},
                                                           {48, 30'000, 45'000},
                                                           {2'048, 2'000, 3'000},
                                                           {128, 10'000, 12'000},
                                                           {64, 30'000, 40'000},
                                                           {512, 30'000, 1'810'000}}};
};

/// Error invalid_config if a limit is 0, a deadline is after its give_up_after_ms, or one request would not fit into
/// held_bytes_max.
caf::error validate(const http_limits& limits);

} // namespace qrwell
