#include "runtime/http/client_shares.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace qrwell::http {
namespace {

constexpr int64_t filled_after_ms = 1'000;

std::string name_of(std::string_view client) {
  std::string text(client);
  unsigned char address[16];
  if (client.find(':') == client.npos || inet_pton(AF_INET6, text.c_str(), address) != 1) return text;
  return {reinterpret_cast<const char*>(address), 8};
}

} // namespace

void client_shares::bucket::fill(double most, int64_t mono_ms) {
  auto passed_ms = static_cast<double>(mono_ms - std::exchange(at_ms, mono_ms));
  left = left < 0 ? most : std::min(most, left + passed_ms * most / filled_after_ms);
}

client_shares::bucket& client_shares::of(std::string_view client, int64_t mono_ms) {
  auto name = name_of(client);
  if (auto found = clients_.find(name); found != clients_.end()) return found->second;
  // Who asked for nothing in the last second has a full share, like one that is new.
  if (clients_.size() >= cfg_.clients_max && mono_ms - swept_ms_ >= filled_after_ms) {
    swept_ms_ = mono_ms;
    std::erase_if(clients_, [&](const auto& entry) { return mono_ms - entry.second.at_ms >= filled_after_ms; });
  }
  return clients_.size() < cfg_.clients_max ? clients_[name] : others_;
}

bool client_shares::take(std::string_view client, double cost, int64_t mono_ms, double kept) {
  auto& own = of(client, mono_ms);
  own.fill(cfg_.per_client_s_max, mono_ms);
  all_.fill(cfg_.per_s_max, mono_ms);
  if (own.left < cost || all_.left < cost + kept) return false;
  own.left -= cost;
  all_.left -= cost;
  return true;
}

void client_shares::give_back(std::string_view client, double cost) {
  all_.left = std::min(cfg_.per_s_max, all_.left + cost);
  if (auto found = clients_.find(name_of(client)); found != clients_.end())
    found->second.left = std::min(cfg_.per_client_s_max, found->second.left + cost);
}

} // namespace qrwell::http
