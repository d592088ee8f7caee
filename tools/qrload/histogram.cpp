#include "tools/qrload/histogram.hpp"

#include <bit>
#include <cmath>

namespace qrwell::load {

size_t histogram::bucket_of(uint64_t time_ns) noexcept {
  constexpr uint64_t most = (1ull << exponents) - 1;
  auto value = std::min(time_ns, most);
  auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= fine_bits) return value;
  // The leading bit says which doubling, the next fine_bits say where in it.
  auto shift = width - fine_bits - 1;
  return (static_cast<size_t>(shift + 1) << fine_bits) + ((value >> shift) - (1u << fine_bits));
}

uint64_t histogram::middle_of(size_t bucket) noexcept {
  auto doubling = bucket >> fine_bits, place = bucket & ((1u << fine_bits) - 1);
  if (doubling == 0) return place;
  auto shift = doubling - 1;
  auto low = ((uint64_t{1} << fine_bits) + place) << shift;
  return low + ((uint64_t{1} << shift) >> 1);
}

void histogram::add(uint64_t time_ns) noexcept {
  ++buckets_[bucket_of(time_ns)];
  ++count_;
  max_ = std::max(max_, time_ns);
}

void histogram::merge(const histogram& other) noexcept {
  for (size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

uint64_t histogram::at(double part) const noexcept {
  if (count_ == 0) return 0;
  auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(std::min(part, 1.0) * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(middle_of(i), max_);
  }
  return max_;
}

} // namespace qrwell::load
