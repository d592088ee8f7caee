#include "runtime/ids/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

namespace qrwell {
namespace {

// Never null: OpenSSL takes that for "the same key as before".
const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "qrwell: OpenSSL cannot %s; ids and keys cannot be made or checked\n", what);
  std::abort();
}

// SHA256() and HMAC() of OpenSSL 3 look their algorithm up by its name at each call, which is most of their time for a
// short text. So it is looked up once, and each thread keeps what it computes with.
struct sha256_machine {
  EVP_MD_CTX* context = EVP_MD_CTX_new();

  sha256_machine() {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (EVP_DigestInit_ex2(context, algorithm, nullptr) != 1) give_up("make a SHA-256");
  }
  ~sha256_machine() { EVP_MD_CTX_free(context); }
};

struct hmac_machine {
  EVP_MAC_CTX* context = nullptr;

  hmac_machine() {
    static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context = EVP_MAC_CTX_new(algorithm);
    char hash[] = "SHA256";
    OSSL_PARAM settings[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                             OSSL_PARAM_construct_end()};
    if (context == nullptr || EVP_MAC_CTX_set_params(context, settings) != 1) give_up("make an HMAC");
  }
  ~hmac_machine() { EVP_MAC_CTX_free(context); }
};

} // namespace

digest sha256(std::string_view text) {
  thread_local sha256_machine machine;
  digest out{};
  auto* c = machine.context;
  if (EVP_DigestInit_ex2(c, nullptr, nullptr) != 1 || EVP_DigestUpdate(c, raw(text), text.size()) != 1 ||
      EVP_DigestFinal_ex(c, out.data(), nullptr) != 1)
    give_up("make a SHA-256");
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  thread_local hmac_machine machine;
  std::string out(digest{}.size(), '\0');
  size_t size = 0;
  auto* c = machine.context;
  if (EVP_MAC_init(c, raw(key), key.size(), nullptr) != 1 || EVP_MAC_update(c, raw(text), text.size()) != 1 ||
      EVP_MAC_final(c, reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) != 1)
    give_up("make an HMAC");
  return out;
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
