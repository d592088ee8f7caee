#include "actors/scan_server/foreign_gate.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <functional>

namespace qrwell {
namespace {

// A second's worth is there at once, no more.
constexpr int64_t filled_after_ms = 1'000;

std::string client_of(std::string_view peer) {
  std::string text(peer);
  unsigned char address[16];
  if (peer.find(':') == peer.npos || inet_pton(AF_INET6, text.c_str(), address) != 1) return text;
  return {reinterpret_cast<const char*>(address), 8};
}

uint64_t hash_of(std::string_view id) {
  return std::hash<std::string_view>{}(id);
}

} // namespace

void foreign_gate::bucket::fill(double most, int64_t mono_ms) {
  auto passed_ms = static_cast<double>(mono_ms - std::exchange(at_ms, mono_ms));
  tokens = tokens < 0 ? most : std::min(most, tokens + passed_ms * most / filled_after_ms);
}

foreign_gate::bucket& foreign_gate::of(std::string_view peer, int64_t mono_ms) {
  auto client = client_of(peer);
  if (auto found = clients_.find(client); found != clients_.end()) return found->second;
  if (clients_.size() >= cfg_.clients_max && mono_ms - swept_ms_ >= filled_after_ms) {
    swept_ms_ = mono_ms;
    std::erase_if(clients_, [&](const auto& entry) { return mono_ms - entry.second.at_ms >= filled_after_ms; });
  }
  return clients_.size() < cfg_.clients_max ? clients_[client] : others_;
}

bool foreign_gate::admit(std::string_view id, std::string_view peer, int64_t mono_ms) {
  if (known_.contains(hash_of(id))) return true;
  auto& own = of(peer, mono_ms);
  own.fill(cfg_.per_client_s_max, mono_ms);
  all_.fill(cfg_.per_s_max, mono_ms);
  if (own.tokens < 1 || all_.tokens < 1) return false;
  own.tokens -= 1;
  all_.tokens -= 1;
  return true;
}

void foreign_gate::was_known(std::string_view id, std::string_view peer) {
  // Full: those in it stay. Which ones were first does not matter, that they are many does.
  if (known_.size() >= cfg_.known_max || !known_.insert(hash_of(id)).second) return;
  all_.tokens = std::min<double>(cfg_.per_s_max, all_.tokens + 1);
  if (auto found = clients_.find(client_of(peer)); found != clients_.end())
    found->second.tokens = std::min<double>(cfg_.per_client_s_max, found->second.tokens + 1);
}

} // namespace qrwell
