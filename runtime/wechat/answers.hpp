#pragma once

#include "messages/wechat.hpp"
#include "runtime/wechat/refusals.hpp"

namespace qrwell::wechat {

enum class image_magic : uint8_t { none, jpeg, png };

/// By the first bytes, since the Content-Type is not to be trusted: FF D8 FF or 89 50 4E 47.
image_magic sniff(const bytes& data) noexcept;

/// What a getwxacodeunlimit attempt brought. WeChat answers errors as JSON with status 200, sometimes labelled as text
/// or image, so the bytes decide and not the label. An `image` may still be cut or broken; whoever stores it looks
/// closer.
fetched_code read_code(std::string id, http_outcome&& how);

enum class token_end : uint8_t {
  token,
  refused, ///< an error code; see errcode
  failed,  ///< no answer, a 5xx, or an answer without access_token
};

/// What a stable_token attempt brought. An answer without access_token is never taken for a token.
struct token_answer {
  token_end end = token_end::failed;
  secret value;
  int64_t expires_in_s =
      0; ///< what is left of its life: WeChat gives out the same token again until 5 minutes before its end
  int32_t errcode = 0;
  std::string detail; ///< for people; without token
};

token_answer read_token(const http_outcome& how);

} // namespace qrwell::wechat
