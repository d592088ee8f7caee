#pragma once

#include "messages/errors.hpp"
#include "messages/store.hpp"
#include "runtime/keys/key_format.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// `POST /v1/keys` taken apart: {name, owner?, scopes, pools?, paths?, rate_per_s?, priority?, expires_at?}. The minted
/// text is shown once and kept nowhere. `pools`: those that there are; a key for another one would open nothing. Error
/// invalid_request names the field and what is allowed.
struct new_key {
  api_key row;
  secret text;
};
caf::expected<new_key> read_new_key(std::string_view body, const std::vector<std::string>& pools, int64_t now_ms);

} // namespace qrwell
