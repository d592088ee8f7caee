#pragma once

#include "messages/listing.hpp"
#include "messages/store.hpp"
#include "runtime/http/target.hpp"

namespace qrwell {

constexpr uint32_t list_limit_max = 500, list_limit_default = 100;

/// `GET /v1/codes?pool=&tag=&state=&from=&to=&owner=&limit=&cursor=`, inside of what the key may see. Errors
/// invalid_request and forbidden name the parameter.
caf::expected<code_list> read_list(const http::target& target, const api_key& key);

} // namespace qrwell
