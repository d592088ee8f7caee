#include "runtime/ids/base64url.hpp"

#include <cstdint>

namespace qrwell {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

} // namespace

std::string to_base64url(std::string_view raw) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (char c : raw) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffffU;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += alphabet[bits >> held & 63U];
    }
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 63U];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    auto value = alphabet.find(c);
    if (value == alphabet.npos) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xffU);
  }
  if (to_base64url(out) != text) return std::nullopt;
  return out;
}

} // namespace qrwell
