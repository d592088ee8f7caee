#pragma once

#include <array>
#include <cstdint>

namespace qrwell::load {

/// Counts of times in nanoseconds, in buckets whose width grows with the value: whatever it answers is off by less than
/// 0.8 %. Of fixed size; times from 0 to 73 minutes, longer ones count as 73 minutes.
class histogram {
public:
  void add(uint64_t time_ns) noexcept;
  void merge(const histogram& other) noexcept;

  uint64_t count() const noexcept { return count_; }
  uint64_t max_ns() const noexcept { return max_; } ///< exact

  /// The time that this part of all (0 to 1) took at most; 0 when nothing was counted.
  uint64_t at(double part) const noexcept;

private:
  // 128 buckets for each doubling; below 128 ns a bucket each.
  static constexpr unsigned fine_bits = 7, exponents = 42;
  static constexpr size_t bucket_count = (exponents - fine_bits + 1) << fine_bits;

  static size_t bucket_of(uint64_t time_ns) noexcept;
  static uint64_t middle_of(size_t bucket) noexcept;

  std::array<uint64_t, bucket_count> buckets_{};
  uint64_t count_ = 0, max_ = 0;
};

} // namespace qrwell::load
