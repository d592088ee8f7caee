#include "actors/pool_stocker/stock_books.hpp"

namespace qrwell {

void stock_books::decide(bool is_dead) {
  decided_.push_back(is_dead);
  dead_last_ += is_dead;
  if (decided_.size() <= decided_max) return;
  dead_last_ -= decided_.front();
  decided_.pop_front();
}

void stock_books::stocked(uint32_t count, int64_t mono_ms) {
  for (uint32_t i = 0; i < count; ++i) decide(false);
  auto second = mono_ms / 1'000;
  if (stocked_.empty() || stocked_.back().first != second) stocked_.emplace_back(second, 0);
  stocked_.back().second += count;
  stocked_sum_ += count;
}

void stock_books::dead(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) decide(true);
}

uint64_t stock_books::per_minute(int64_t mono_ms) {
  while (!stocked_.empty() && stocked_.front().first <= mono_ms / 1'000 - 60) {
    stocked_sum_ -= stocked_.front().second;
    stocked_.pop_front();
  }
  return stocked_sum_;
}

} // namespace qrwell
