#include "actors/scan_server/foreign_gate.hpp"

#include <functional>

namespace qrwell {
namespace {

uint64_t hash_of(std::string_view id) {
  return std::hash<std::string_view>{}(id);
}

} // namespace

bool foreign_gate::admit(std::string_view id, std::string_view peer, int64_t mono_ms) {
  return known_.contains(hash_of(id)) || shares_.take(peer, 1, mono_ms);
}

void foreign_gate::was_known(std::string_view id, std::string_view peer) {
  // Full: those in it stay. Which ones were first does not matter, that they are many does.
  if (known_.size() < cfg_.known_max && known_.insert(hash_of(id)).second) shares_.give_back(peer, 1);
}

} // namespace qrwell
