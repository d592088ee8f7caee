#pragma once

#include "messages/errors.hpp"
#include "messages/store.hpp"
#include "runtime/keys/key_format.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// `POST /v1/keys` taken apart: {name, owner?, scopes, pools?, paths?, rate_per_s?, daily_codes?, priority?,
/// expires_at?}. The minted text is shown once and kept nowhere. `pools`: those that there are; a key for another one
/// would open nothing. Error invalid_request names the field and what is allowed.
struct new_key {
  api_key row;
  secret text;
};
caf::expected<new_key> read_new_key(std::string_view body, const std::vector<std::string>& pools, int64_t now_ms);

/// `POST /v1/keys/{name}/rotate` taken apart: {overlap?}, seconds for which the former secret stays good, one day
/// unless told otherwise and at most 30. Error invalid_request.
struct key_rotation {
  key_rotate row;
  secret text;
};
constexpr uint32_t overlap_s_default = 86'400, overlap_s_max = 30 * 86'400;
caf::expected<key_rotation> read_key_rotation(std::string_view body, const std::string& name);

} // namespace qrwell
