#pragma once

#include "runtime/http/routes.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace qrwell {

/// What one front end counts, readable from any thread. One thread writes, so no addition needs a lock.
struct http_counters {
  using number = std::atomic<uint64_t>;

  number connections{0};                   ///< open now
  number accepted{0};                      ///< ever
  number evicted{0};                       ///< idle ones, closed by us to make room for others
  number turned_away{0};                   ///< accepted past connections_max, only to say so
  number halted{0};                        ///< not read now, until they take their answers
  number timed_out{0};                     ///< closed by us for silence or slowness
  number received_bytes{0}, sent_bytes{0}; ///< of requests and answers, as they pass the table
  number held_bytes{0};                    ///< in unfinished requests and unsent answers now
  number hot_hits{0}, hot_entries{0}, hot_bytes{0};
  number unanswered{0};          ///< requests that no service answered in time
  number malformed_forwarded{0}; ///< lists of addresses by trusted proxies in which something was no address
  number late{0};                ///< answers that came for a connection or request that is gone
  std::array<number, http::request_classes> in_flight{}, requests{}, overloaded{};
  /// By class (the last row: those that no class serves) and by the first digit of the status, 1 to 5.
  std::array<std::array<number, 6>, http::request_classes + 1> answers{};

  static void add(number& n, uint64_t by = 1) noexcept {
    n.store(n.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  static void sub(number& n, uint64_t by = 1) noexcept {
    n.store(n.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
  }
};

} // namespace qrwell
