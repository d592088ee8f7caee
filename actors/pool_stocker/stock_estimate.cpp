#include "actors/pool_stocker/stock_estimate.hpp"

#include <algorithm>
#include <optional>

namespace qrwell {
namespace {

constexpr int64_t shelf_fresh_ms = 5'000;
constexpr int64_t moments_ms = 3'500; // some tellings and some reports: each comes once a second
constexpr int64_t on_the_way_ms = 50; // a report may have been sent so much before it arrived

} // namespace

void stock_estimate::told(uint64_t free, uint64_t held, int64_t mono_ms) {
  tellings_.push_back({mono_ms, free, held, asked_at_});
  while (tellings_.size() > 1 && tellings_.front().at_ms < mono_ms - moments_ms) tellings_.pop_front();
}

void stock_estimate::reported(uint64_t codes, uint64_t issued, int64_t mono_ms) {
  reports_.push_back({mono_ms, codes, issued});
  while (reports_.front().at_ms < mono_ms - moments_ms) reports_.pop_front();
}

bool stock_estimate::shelf_is_known(int64_t mono_ms) const {
  return !reports_.empty() && mono_ms - reports_.back().at_ms < shelf_fresh_ms;
}

uint64_t stock_estimate::level(int64_t mono_ms) const {
  if (tellings_.empty()) return closed_.free + (shelf_is_known(mono_ms) ? reports_.back().codes : 0);
  const auto& last = tellings_.back();
  return free_since(last) + (shelf_is_known(mono_ms) ? reports_.back().codes : last.held);
}

/// The newest telling that is surely older than the report: a lot that moved between the two is in both.
const stock_estimate::telling* stock_estimate::before(const report& r) const {
  for (auto t = tellings_.rbegin(); t != tellings_.rend(); ++t)
    if (t->at_ms + on_the_way_ms <= r.at_ms) return &*t;
  return nullptr;
}

uint64_t stock_estimate::at_most(int64_t mono_ms) const {
  if (tellings_.empty() || !shelf_is_known(mono_ms)) return level(mono_ms);
  // Each report with a telling before it gives a bound, less what was issued since; the least of them is the best.
  std::optional<uint64_t> least;
  uint64_t issued_since = 0;
  for (auto r = reports_.rbegin(); r != reports_.rend(); ++r) {
    if (const auto* t = before(*r)) {
      auto sum = free_since(*t) + closed_.held - t->closed_before.held + r->codes;
      sum -= std::min(sum, issued_since);
      least = std::min(least.value_or(sum), sum);
    }
    issued_since += r->issued;
  }
  const auto& last = tellings_.back();
  return least.value_or(free_since(last) + std::max(reports_.back().codes, last.held));
}

} // namespace qrwell
