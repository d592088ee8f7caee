#pragma once

#include "messages/quota.hpp"

#include <map>
#include <vector>

namespace qrwell {

/// One grant_request that has not been answered.
struct waiting_request {
  uint64_t no = 0;        ///< of the request, for the answer
  uint64_t requester = 0; ///< who asks: a stocker
  grant_request ask;
  int64_t since_ms = 0;
};

/// Requests that wait for units. Live ones go before stock; within a class, the requester that was served longest ago
/// goes first, so that no pool of an app starves another; one requester's own are served in order.
class grant_queue {
public:
  explicit grant_queue(size_t waiting_max)
      : waiting_max_(waiting_max) {}

  /// False: full.
  bool add(waiting_request request);

  /// The next of a class, or null.
  const waiting_request* next(quota_class use) const;

  /// Removes it. `served`: it got units, so that its requester's next one waits for the others' turn.
  waiting_request take(uint64_t no, bool served);

  /// Requests that have waited since `since_ms` or before.
  std::vector<uint64_t> older_than(int64_t since_ms) const;

  /// Forgets a requester that ended, and its requests.
  void forget(uint64_t requester);

  std::vector<waiting_request> drain();
  int64_t oldest_ms() const; ///< INT64_MAX when nothing waits
  bool empty() const noexcept { return waiting_.empty(); }

private:
  size_t waiting_max_;
  std::vector<waiting_request> waiting_; // in order of arrival
  std::map<uint64_t, uint64_t> served_;  // requester -> turn
  uint64_t turn_ = 0;
};

} // namespace qrwell
