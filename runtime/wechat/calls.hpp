#pragma once

#include "runtime/wechat/transport.hpp"

namespace qrwell::wechat {

/// POST /wxa/getwxacodeunlimit. `page` is always sent: without it WeChat makes a code that opens the home page and may
/// carry no scene.
http_call code_call(const std::string& host, const secret& token, const std::string& id, const code_spec& spec);

/// POST /cgi-bin/stable_token. `force` makes WeChat give out a new token and end the present one at once.
http_call token_call(const std::string& host, const std::string& appid, const secret& app_secret, bool force);

} // namespace qrwell::wechat
