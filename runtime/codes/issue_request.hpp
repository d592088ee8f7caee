#pragma once

#include "messages/common.hpp"
#include "messages/errors.hpp"
#include "runtime/codes/target_fields.hpp"

#include <boost/json/storage_ptr.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace qrwell {

constexpr size_t idempotency_key_bytes_max = 128;

/// Rungs of the ladder that a request allows when the stock is empty.
constexpr uint8_t rung_live = 1, rung_link = 2;

/// The body of `POST /v1/codes`, or an item of a batch, checked.
struct issue_request {
  std::string pool; ///< empty: not told
  std::string path;
  std::string query; ///< JSON as sent; empty: none
  std::string tags;  ///< JSON array; empty: none
  int64_t expires_ms = 0;
  uint32_t expires_after_s = 0;
  digest reuse_hash{}; ///< of path and query, where a live code of the same target will do; zero: not asked for
  std::optional<uint8_t> on_empty; ///< rungs; not told: all that the pool has
  digest body_hash{};              ///< SHA-256 of the body's JCS form; zero unless asked for
};

/// Reads a body. `wall_ms`: Unix time, for `expires_at`. `with_hash`: only a request with an Idempotency-Key needs one.
/// Error invalid_request: names the field and what is allowed.
caf::expected<issue_request> read_issue(std::string_view body, int64_t wall_ms, bool with_hash,
                                        boost::json::storage_ptr memory, const target_limits& limits = {});

/// The same of a body that is parsed already.
caf::expected<issue_request> read_issue(const boost::json::value& body, int64_t wall_ms, bool with_hash,
                                        const target_limits& limits);

/// No error if `wanted` names only rungs of the pool's own list.
caf::error check_on_empty(std::optional<uint8_t> wanted, std::string_view pool, uint8_t allowed);

/// No error for 1 to 128 visible ASCII characters.
caf::error check_idempotency_key(std::string_view key);

/// What an Accept header field prefers: the first range that we have decides.
enum class wanted_form : uint8_t { json, any_image, jpeg, png };
wanted_form wanted_by(std::string_view accept) noexcept;

} // namespace qrwell
