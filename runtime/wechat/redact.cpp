#include "runtime/wechat/redact.hpp"

namespace qrwell::wechat {

std::string printable(std::string_view text, size_t bytes_max) {
  std::string out;
  for (auto c : text.substr(0, bytes_max)) out += c >= ' ' && c < 0x7f ? c : '?';
  if (text.size() > bytes_max) out += "...";
  return out;
}

std::string without(std::string text, const secret& hidden) {
  const auto& value = hidden.reveal();
  if (value.size() < 8) return text;
  for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 3))
    text.replace(at, value.size(), "***");
  return text;
}

std::string without_query(std::string text, const secret& url) {
  auto at = url.reveal().find('?');
  return at == std::string::npos ? text : without(std::move(text), secret(url.reveal().substr(at + 1)));
}

} // namespace qrwell::wechat
