#pragma once

#include "messages/batch.hpp"
#include "messages/errors.hpp"
#include "runtime/codes/target_fields.hpp"

#include <string_view>
#include <vector>

namespace qrwell {

/// One item as it was read: what to ask for, or what is wrong with it.
struct read_item {
  issue_item asked; ///< without ticket, key, request id and time
  caf::error wrong;
};

/// The body of `POST /v1/codes/batch`. `header_key`: the Idempotency-Key of the whole batch, empty for none; item i
/// (from 0) without a key of its own gets the first 32 hexadecimal digits of its SHA-256, a dot, and i. An item's hash
/// is that of its body without `idempotency_key`, so that single requests and batches share their keys. Error
/// invalid_request when the body as a whole is not a batch.
caf::expected<std::vector<read_item>> read_batch(std::string_view body, std::string_view header_key, size_t items_max,
                                                 int64_t wall_ms, const target_limits& limits);

} // namespace qrwell
