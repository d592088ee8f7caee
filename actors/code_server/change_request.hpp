#pragma once

#include "messages/change.hpp"
#include "messages/http.hpp"
#include "messages/store.hpp"
#include "runtime/codes/target_fields.hpp"

namespace qrwell {

/// `If-Match` of a change: entity tags are versions (RFC 9110, 13.1.1). Empty for no field and for `*`. Error
/// invalid_request for what is not a list of tags; a tag that is none of ours becomes version 0, which nothing has.
caf::expected<std::vector<uint32_t>> read_if_match(std::string_view field);

/// PATCH or DELETE of `id` by `key`, without looking at the code: what the key may is told to the store. Errors
/// invalid_request name the field.
caf::expected<code_change> read_change(const http_request& request, const std::string& id, const api_key& key,
                                       int64_t wall_ms, const target_limits& limits);

} // namespace qrwell
