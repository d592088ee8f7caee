#include "runtime/ids/hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdio>
#include <cstdlib>

namespace qrwell {
namespace {

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

digest sha256(std::string_view text) {
  digest out{};
  SHA256(raw(text), text.size(), out.data());
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

std::string random_bytes(size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    std::fputs("qrwell: the system gives no randomness (RAND_bytes failed); ids and keys cannot be made safely\n",
               stderr);
    std::abort();
  }
  return out;
}

nonce random_nonce() {
  auto from = random_bytes(16);
  nonce out{};
  std::copy(from.begin(), from.end(), out.begin());
  return out;
}

std::string to_hex(std::string_view bytes_in) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes_in.size() * 2);
  for (auto c : bytes_in) {
    auto byte = static_cast<uint8_t>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string to_hex(const digest& d) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(d.data()), d.size()));
}

} // namespace qrwell
