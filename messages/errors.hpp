#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace qrwell {

/// Everything that can go wrong across a seam or between actors. An error carries one of these and a sentence that
/// names what, where, and what to do about it. What a client sees is decided in one place: runtime/http/problem.cpp.
enum class ec : uint8_t {
  none = 0,
  invalid_config,    ///< a file, an option or an argument is wrong; names file, line and key
  invalid_request,   ///< a client's request is wrong; names the field
  unauthorized,      ///< no key, an unknown, expired or revoked key
  forbidden,         ///< the key may not do this
  not_found,         ///< the one who knows was asked and said so
  conflict,          ///< the state does not allow it, e.g. a revoked code
  version_mismatch,  ///< compare-and-set lost
  idempotency_reuse, ///< the same Idempotency-Key came with another body
  unknown_code,      ///< of a scan: no such id, for certain
  revoked,           ///< the code was taken back
  expired,           ///< the code is past its time
  rate_limited,      ///< past a limit of this key
  overloaded,        ///< a queue is full: try again later
  out_of_stock,      ///< no rung of the ladder had a code
  timeout,           ///< the other side did not answer in time; it may have acted
  unavailable,       ///< a store or service is away
  outcome_unknown,   ///< a commit may or may not have happened; read it back by nonce
  store_busy,        ///< a lock was not had in time; the transaction did nothing
  store_failed,      ///< the engine refused; the transaction did nothing
  store_corrupt,     ///< the engine says its file is damaged: the process must stop
  disk_full,         ///< no room; the transaction did nothing
  not_leader,        ///< the lease is somebody else's
  locked,            ///< another process holds the data directory
  restored_copy,     ///< an older or foreign copy of the store: needs `qrwell recover --void-stock`
  wechat_refused,    ///< WeChat answered an error code
  shutting_down,
  internal,
};

std::string_view to_string(ec code) noexcept;

/// Makes an error of `code` with one sentence for people.
caf::error fail(ec code, std::string sentence);

/// The same, of something that is worth asking for again so much later.
caf::error fail(ec code, std::string sentence, uint32_t retry_after_s);

/// As it was made with; 0: nobody knows.
uint32_t retry_after_s_of(const caf::error& err);

/// The code of an error; CAF's own time-outs and closed mailboxes are mapped to ours.
ec code_of(const caf::error& err) noexcept;

/// "code: sentence", the one way in which errors are shown to people and logs.
std::string render(const caf::error& err);

/// The sentence alone.
std::string sentence_of(const caf::error& err);

} // namespace qrwell

CAF_ERROR_CODE_ENUM(qrwell::ec, "qrwell")
