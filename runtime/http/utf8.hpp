#pragma once

#include <string>
#include <string_view>

namespace qrwell::http {

/// Length of the UTF-8 sequence at the front of `text` (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF); 0
/// if it is none.
inline size_t utf8_length(std::string_view text) noexcept {
  auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto tail = [&](size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  auto a = at(0), b = at(1);
  if (text.empty()) return 0;
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return tail(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    bool shortest = a != 0xe0 || b >= 0xa0, surrogate = a == 0xed && b >= 0xa0;
    return tail(1) && tail(2) && shortest && !surrogate ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    bool in_range = (a != 0xf0 || b >= 0x90) && (a != 0xf4 || b <= 0x8f);
    return tail(1) && tail(2) && tail(3) && in_range ? 4 : 0;
  }
  return 0;
}

inline bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    auto n = utf8_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

/// What is not UTF-8 becomes U+FFFD, a byte at a time.
inline std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto n = utf8_length(text);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      n = 1;
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n);
  }
  return out;
}

} // namespace qrwell::http
