#include "actors/request_server/visit.hpp"

namespace qrwell {
namespace {

// A ticket is the slot below and how often it was used above.
constexpr uint64_t slot_mask = 0xffff'ffffU;

} // namespace

http::problem reused_key() {
  return {ec::idempotency_reuse,
          "This Idempotency-Key was used with another body in the last 7 days. Use a new key for a new code."};
}

visit* visit_table::enter() {
  if (full()) return nullptr;
  if (free_.empty()) {
    auto fresh = std::make_unique<visit>();
    fresh->ticket = slots_.size();
    slots_.push_back(std::move(fresh));
    free_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  auto& v = *slots_[free_.back()];
  free_.pop_back();
  v.ticket += slot_mask + 1;
  return &v;
}

visit* visit_table::find(uint64_t ticket) noexcept {
  auto slot = ticket & slot_mask;
  if (slot >= slots_.size()) return nullptr;
  auto& v = *slots_[slot];
  return v.ticket == ticket && v.stage != visit_stage::vacant ? &v : nullptr;
}

void visit_table::leave(visit& v) {
  auto ticket = v.ticket;
  v = visit{};
  v.ticket = ticket;
  free_.push_back(static_cast<uint32_t>(ticket & slot_mask));
}

} // namespace qrwell
