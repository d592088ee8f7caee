#pragma once

#include "messages/common.hpp"
#include "messages/secret.hpp"
#include "messages/stock.hpp"

namespace qrwell {

/// One attempt at one code: one unit of quota, one HTTP request, no retry inside.
struct fetch_code {
  std::string id; ///< the scene
  code_spec spec;
  uint32_t timeout_for_ms = 10'000;
  QRWELL_FIELDS(fetch_code, id, spec, timeout_for_ms)
};

enum class fetch_outcome : uint8_t {
  image,         ///< bytes that may be an image
  refused,       ///< WeChat answered an error code; see errcode
  not_an_answer, ///< a status of 5xx or a body that is neither image nor error
  lost,          ///< time-out, reset or cut after the first byte was written
  never_written, ///< no byte left this machine: connection refused, no token, breaker open, shutting down
};

struct fetched_code {
  std::string id;
  fetch_outcome outcome = fetch_outcome::lost;
  int32_t errcode = 0;
  std::string detail; ///< for people: errmsg with its rid, or what libcurl said; never a token
  bytes image;
  uint32_t took_ms = 0;
  uint32_t retry_after_ms = 0; ///< when it is worth trying again (breaker, token, back-off of -1 and 5xx); 0: no advice
  QRWELL_FIELDS(fetched_code, id, outcome, errcode, detail, image, took_ms, retry_after_ms)
};

/// How one HTTP attempt ended, as the engine that made it tells it.
struct http_outcome {
  int32_t curl = 0;    ///< a CURLcode; 0: a complete answer; -1: not tried here (queue full, shutting down)
  uint32_t status = 0; ///< 0: none came
  std::string content_type;
  bytes body;
  uint32_t took_ms = 0;
  bool any_byte_written = false; ///< false: surely nothing of the request left this machine
  bool too_large = false;        ///< headers or body went past their limit and the call was given up
  std::string detail;            ///< for people; never an address with its query
  QRWELL_FIELDS(http_outcome, curl, status, content_type, body, took_ms, any_byte_written, too_large, detail)
};

/// INTERNAL of those who call WeChat: the engine is done with a call.
struct call_ended {
  uint64_t call = 0;
  http_outcome how;
  QRWELL_FIELDS(call_ended, call, how)
};

/// Asks for the app's access token.
struct token_query {
  QRWELL_NO_FIELDS(token_query)
};

struct access_token {
  secret value;
  uint64_t version = 0; ///< grows with every new token
  QRWELL_FIELDS(access_token, value, version)
};

/// WeChat refused the token of that version with 40001, 40014 or 42001.
struct token_refused {
  uint64_t version = 0;
  int32_t errcode = 0;
  QRWELL_FIELDS(token_refused, version, errcode)
};

/// Operator: force a new token. WeChat allows 20 a day, 30 s apart; the old one dies at once.
struct token_refresh {
  std::string actor;
  QRWELL_FIELDS(token_refresh, actor)
};

} // namespace qrwell
