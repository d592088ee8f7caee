#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qrwell {

/// How long the last 1,000 calls took.
class latency_window {
public:
  static constexpr size_t calls_max = 1'000;

  void add(uint32_t took_ms) {
    if (last_.size() < calls_max)
      last_.push_back(took_ms);
    else
      last_[next_ % calls_max] = took_ms;
    ++next_;
  }

  /// The time that a share of `part` (0 to 1) of the calls did not exceed; 0 before the first call.
  uint32_t at(double part) const {
    if (last_.empty()) return 0;
    auto sorted = last_;
    auto index = std::min(static_cast<size_t>(part * static_cast<double>(sorted.size())), sorted.size() - 1);
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index), sorted.end());
    return sorted[index];
  }

private:
  std::vector<uint32_t> last_;
  size_t next_ = 0;
};

} // namespace qrwell
