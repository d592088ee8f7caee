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

  void add(uint32_t took_ms, int64_t now_ms) {
    if (last_.size() < calls_max)
      last_.push_back({now_ms, took_ms});
    else
      last_[next_ % calls_max] = {now_ms, took_ms};
    ++next_;
  }

  /// The time that a share of `part` (0 to 1) of the calls did not exceed; 0 before the first call.
  uint32_t at(double part) const {
    std::vector<uint32_t> took;
    took.reserve(last_.size());
    for (const auto& one : last_) took.push_back(one.took_ms);
    return quantile(std::move(took), part);
  }

  /// Of those that ended at `since_ms` or later.
  std::vector<uint32_t> recent(int64_t since_ms) const {
    std::vector<uint32_t> took;
    for (const auto& one : last_)
      if (one.at_ms >= since_ms) took.push_back(one.took_ms);
    return took;
  }

  static uint32_t quantile(std::vector<uint32_t> took, double part) {
    if (took.empty()) return 0;
    auto index = std::min(static_cast<size_t>(part * static_cast<double>(took.size())), took.size() - 1);
    std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(index), took.end());
    return took[index];
  }

private:
  struct call {
    int64_t at_ms = 0;
    uint32_t took_ms = 0;
  };
  std::vector<call> last_;
  size_t next_ = 0;
};

} // namespace qrwell
