#pragma once

#include "actors/quota_manager/quota_constants.hpp"
#include "messages/quota.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace qrwell {

/// Where the units of the limit are. `free + unsent + in_flight + cooling + charged + withheld = limit + overdrawn`.
struct unit_counts {
  uint32_t limit = 0;
  uint32_t free = 0;      ///< may be written into a grant
  uint32_t unsent = 0;    ///< in an open grant, not begun
  uint32_t in_flight = 0; ///< a call is under way
  uint32_t cooling = 0;   ///< the call ended, and WeChat's minute may still hold it
  uint32_t charged = 0;   ///< in grants of other epochs that nobody closed: counted as used, however long that takes
  uint32_t withheld = 0;  ///< not used because WeChat said that the limit is lower
  uint32_t overdrawn = 0; ///< more was found in use than the limit allows (it was lowered): paid before a unit is free
  friend bool operator==(const unit_counts&, const unit_counts&) = default;
};

/// What a grant's holder knows of its calls.
struct grant_truth {
  uint32_t units = 0, sent = 0, lost = 0;
  friend bool operator==(const grant_truth&, const grant_truth&) = default;
};

/// The grant book of one app: which of its units are where (docs/quota.md has the algorithm and its proof). Units move
/// between states and are created nowhere. Times are milliseconds of this process's monotonic clock; a store's clock
/// appears only inside a lease_view, and only to tell the age of what that same server wrote.
///
/// Outside of a leadership all counts are 0; the grants that this process opened earlier stay known, so that their ends
/// can be told.
class quota_book {
public:
  explicit quota_book(uint32_t limit, quota_rules rules = {});

  // -- leadership

  /// The lease was taken: starts from the grants that exist. `now_ms` must be read after the store's answer.
  void take_over(const lease_view& view, int64_t now_ms);

  /// The lease is somebody else's: nothing is free any more.
  void step_down();

  bool leads() const noexcept { return leads_; }
  uint64_t epoch() const noexcept { return epoch_; }

  /// The lease was renewed: charged grants that are closed by now begin to cool. Returns grants that are open under
  /// `holder`'s name since this book exists and that it never heard to be there (a write of unknown outcome that
  /// happened after all): no unit of them was ever used, and the caller may close them as such.
  std::vector<grant_key> refresh(const lease_view& view, const std::string& holder, int64_t now_ms);

  // -- grants of this process

  /// Moves `units` from free to unsent, before the grant is written. Precondition: leads() and 1 <= units <= free.
  grant_key open(uint32_t units);

  /// The grant was not written, and a later write of the lease says that it never will be.
  void withdraw(grant_key key);

  /// `count` units are about to be used. More than are unsent are taken as all of them.
  void sent(grant_key key, uint32_t count);

  /// A call ended. One that the grant does not have in flight is ignored.
  void ended(grant_key key, unit_end how, int64_t now_ms);

  /// No unit of the grant is used from here on: what was not sent is free again. `sent` and `lost` are the caller's
  /// own counts; where they differ from the book's, the larger is believed, and a call whose end nobody told counts as
  /// lost now.
  grant_truth close(grant_key key, uint32_t sent, uint32_t lost, int64_t now_ms);

  /// The grant's end is in the store.
  void closed_row(grant_key key);

  /// Null when the grant is not one of this process, or its end is written.
  const grant_truth* find(grant_key key) const;

  // -- cooling

  /// Frees what has cooled down. Returns since when the first of it could have been used, at the latest now.
  int64_t cool(int64_t now_ms);

  /// When `units` more than now will be free, if nothing else happens; INT64_MAX when cooling does not give as many.
  int64_t when_free(uint32_t units) const;

  /// Rows whose units are all free again, so that no leader needs them any more; at most `rows_max`.
  std::vector<grant_key> cold_rows(size_t rows_max) const;
  void dropped(const std::vector<grant_key>& rows);

  // -- limits

  /// Lets at most `effective` units be used: more are withheld as they become free.
  void withhold(uint32_t effective);

  unit_counts counts() const;
  size_t rows() const noexcept { return rows_.size(); }

  /// Recounts everything. Empty, or what does not add up.
  std::string check() const;

private:
  struct account {
    grant_truth truth;
    uint32_t unsent = 0, in_flight = 0;
    bool over = false; ///< closed here, its end is not yet written
  };

  struct row {
    uint32_t cooling = 0;
    bool written = false; ///< its end is in the store
  };

  bool counts_here(grant_key key) const noexcept { return leads_ && key.epoch == epoch_; }
  int64_t linger() const noexcept { return rules_.linger ? linger_ms : 0; }
  void absorb(const grant_row& g, const lease_view& view, int64_t now_ms);
  void take(uint32_t units);
  void release(uint32_t units);
  void start_cooling(grant_key key, uint32_t units, int64_t until_ms);
  void linger_on(grant_key key);

  uint32_t limit_;
  quota_rules rules_;
  bool leads_ = false;
  uint64_t epoch_ = 0, first_epoch_ = 0, seq_ = 0;
  uint32_t free_ = 0, unsent_ = 0, in_flight_ = 0, cooling_ = 0, charged_ = 0, withheld_ = 0, overdrawn_ = 0;
  uint32_t to_withhold_ = 0;
  std::map<grant_key, account> accounts_;      // grants that this process opened and has not ended
  std::map<grant_key, uint32_t> charged_rows_; // open grants of other epochs
  std::map<grant_key, row> rows_;              // grants whose units cool, or have cooled
  std::map<std::pair<int64_t, grant_key>, uint32_t> cooling_until_;
};

} // namespace qrwell
