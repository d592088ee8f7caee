#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qrwell::wechat {

/// What an error code of WeChat is about, as far as it makes a difference to what we do.
enum class refusal : uint8_t {
  none,        ///< no error
  busy,        ///< WeChat is busy: again later, with back-off
  token,       ///< the access token: get the present one
  limit,       ///< too many calls, by anyone, in some span of time
  page,        ///< the middle page is not in the released version
  arguments,   ///< our own fault, or a setting that WeChat does not take
  account,     ///< what the account may do
  address,     ///< this machine's address may not call
  credentials, ///< appid or AppSecret
  unknown,
};

struct refusal_entry {
  int32_t errcode = 0;
  refusal kind = refusal::unknown;
  std::string_view advice; ///< one sentence for the operator: what it means and what to do
};

/// The entry of a code; for one that WeChat's documents or its users did not name, one of kind `unknown`.
const refusal_entry& explain(int32_t errcode) noexcept;

/// "40125 invalid appsecret rid: ... (the AppSecret is wrong: ...)", for logs and status.
std::string describe(int32_t errcode, std::string_view errmsg);

} // namespace qrwell::wechat
