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

/// Requests that wait for units. Live ones go before stock; within a class, the requester that got the fewest units
/// goes first, so that the pools of an app share its quota evenly; one requester's own are served in order. Nobody
/// saves up units for later: whoever comes new, or back, begins level with the one that was served last.
///
/// Whoever is sent away from stock with a time to come back keeps its place for so long: otherwise the pool that comes
/// back first takes all turns of a slow app, since units come one grant at a time and nobody else waits just then.
class grant_queue {
public:
  explicit grant_queue(size_t waiting_max)
      : waiting_max_(waiting_max) {}

  /// False: full.
  bool add(waiting_request request);

  /// The next of a class, or null: also while a place is kept for somebody whose turn is before all who wait.
  const waiting_request* next(quota_class use, int64_t now_ms) const;

  /// Removes it. `units`: what it gets; its requester's next one waits for its turn.
  waiting_request take(uint64_t no, uint32_t units);

  /// For a requester of stock that was sent away: its turn is held until `until_ms`, or until it asks again.
  void keep_place(uint64_t requester, int64_t until_ms);

  /// The next time that a kept place ends; INT64_MAX: none is kept.
  int64_t place_ends_ms(int64_t now_ms) const;

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
  std::map<uint64_t, uint64_t> turns_;   // requester -> units at which its next request is due
  std::map<uint64_t, int64_t> places_;   // requester -> until when its place is kept
  uint64_t level_ = 0;                   // the turn of the one that was served last
};

} // namespace qrwell
