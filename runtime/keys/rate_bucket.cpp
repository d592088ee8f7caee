#include "runtime/keys/rate_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace qrwell {
namespace {

// A rate of one a year must not overflow a header.
uint32_t whole_seconds(double seconds) {
  return static_cast<uint32_t>(std::clamp(std::ceil(seconds), 1.0, 1e9));
}

} // namespace

rate_verdict rate_bucket::take(double per_s, int64_t mono_ms) {
  if (per_s <= 0) return {};
  auto size = std::max(1.0, per_s);
  if (tokens_ < 0) {
    tokens_ = size;
    filled_ms_ = mono_ms;
  }
  auto passed_ms = std::max<int64_t>(0, mono_ms - filled_ms_);
  tokens_ = std::min(size, tokens_ + static_cast<double>(passed_ms) * per_s / 1000);
  filled_ms_ = mono_ms;
  rate_verdict out;
  out.limit = static_cast<uint64_t>(size);
  out.allowed = tokens_ >= 1;
  if (out.allowed) {
    tokens_ -= 1;
  } else {
    out.retry_after_s = whole_seconds((1 - tokens_) / per_s);
  }
  out.remaining = static_cast<uint64_t>(tokens_);
  out.reset_s = whole_seconds((size - tokens_) / per_s);
  return out;
}

std::string rate_lines(const rate_verdict& rate) {
  if (rate.limit == 0) return {};
  return "RateLimit-Limit: " + std::to_string(rate.limit) +
         "\r\nRateLimit-Remaining: " + std::to_string(rate.remaining) +
         "\r\nRateLimit-Reset: " + std::to_string(rate.reset_s) + "\r\n";
}

} // namespace qrwell
