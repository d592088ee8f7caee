#pragma once

#include <string>
#include <string_view>

namespace qrwell::sim {

/// WeChat's text for an error code, without the rid; "system error" for a code it does not know.
std::string_view error_text(int code);

/// The text of 40164, which names the address that called.
std::string ip_error_text(std::string_view ip);

/// The JSON body of an error, `{"errcode":N,"errmsg":"TEXT rid: R"}`.
std::string error_body(int code, std::string_view text, std::string_view rid);

} // namespace qrwell::sim
