#include "config/settings.hpp"

#include <arpa/inet.h>

namespace qrwell {
namespace {

template <class T>
const T* by_name(const std::vector<T>& all, std::string_view name) noexcept {
  auto it = std::find_if(all.begin(), all.end(), [&](const T& x) { return x.name == name; });
  return it == all.end() ? nullptr : &*it;
}

} // namespace

std::string to_string(const endpoint& x) {
  auto v6 = x.host.find(':') != std::string::npos;
  return (v6 ? "[" + x.host + "]" : x.host) + ":" + std::to_string(x.port);
}

bool is_loopback(std::string_view host) noexcept {
  if (host == "localhost" || host == "::1") return true;
  // Only a numeric address counts: 127.example.com is a name that may resolve to anywhere.
  char text[16] = {};
  if (host.size() >= sizeof(text)) return false;
  std::copy(host.begin(), host.end(), text);
  unsigned char address[4];
  return ::inet_pton(AF_INET, text, address) == 1 && address[0] == 127;
}

const app_settings* settings::app(std::string_view name) const noexcept {
  return by_name(apps, name);
}

const pool_settings* settings::pool(std::string_view name) const noexcept {
  return by_name(pools, name);
}

} // namespace qrwell
