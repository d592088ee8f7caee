#pragma once

#include <cstdint>
#include <string>

namespace qrwell {

/// What a rate says of one request, in the numbers of the RateLimit-* header fields (IETF draft ratelimit-headers 07).
struct rate_verdict {
  bool allowed = true;
  uint64_t limit = 0;         ///< RateLimit-Limit, requests at once; 0: this key has no limit
  uint64_t remaining = 0;     ///< RateLimit-Remaining
  uint32_t reset_s = 0;       ///< RateLimit-Reset: until `remaining` is `limit` again
  uint32_t retry_after_s = 0; ///< of a refusal: until one more is allowed
};

/// The RateLimit-* header lines; empty without a limit.
std::string rate_lines(const rate_verdict& rate);

/// A token bucket of one second's worth, at least one token: a burst may use what the last second left.
class rate_bucket {
public:
  /// Takes a token. `per_s` 0: no limit. A changed rate keeps the tokens, up to the new size.
  rate_verdict take(double per_s, int64_t mono_ms);

private:
  double tokens_ = -1; ///< -1: never used, full
  int64_t filled_ms_ = 0;
};

} // namespace qrwell
