#pragma once

#include "actors/quota_manager/quota_constants.hpp"

#include <cstdint>
#include <deque>

namespace qrwell {

/// How many calls were begun in the last 60 s, to a tenth of a second. For people, and to tell whether somebody else
/// uses the appid; the book does not rest on it.
class use_meter {
public:
  void sent(uint32_t count, int64_t now_ms) {
    auto slot = now_ms / slot_ms;
    if (slots_.empty() || slots_.back().first < slot) slots_.emplace_back(slot, 0);
    slots_.back().second += count;
    total_ += count;
  }

  /// A call that was begun turned out not to have left this machine.
  void took_back() {
    for (auto i = slots_.rbegin(); i != slots_.rend(); ++i) {
      if (i->second == 0) continue;
      --i->second;
      --total_;
      return;
    }
  }

  uint32_t used(int64_t now_ms) {
    while (!slots_.empty() && slots_.front().first * slot_ms <= now_ms - window_ms) {
      total_ -= slots_.front().second;
      slots_.pop_front();
    }
    return total_;
  }

private:
  static constexpr int64_t slot_ms = 100;
  std::deque<std::pair<int64_t, uint32_t>> slots_; // at most a window's worth after used(), which every tick calls
  uint32_t total_ = 0;
};

} // namespace qrwell
