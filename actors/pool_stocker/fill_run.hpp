#pragma once

#include "actors/pool_stocker/fetch_verdict.hpp"
#include "actors/pool_stocker/image_check.hpp"
#include "messages/quota.hpp"
#include "messages/store.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace qrwell {

constexpr uint32_t attempts_max = 3; ///< at one id; each takes a unit of its own

/// An id whose call failed and that is to be tried again with a unit of a later grant.
struct carried_id {
  std::string id;
  uint32_t attempts = 0;
  std::string reason; ///< of its last failure
  bool counts = true;
};

/// One grant from its ticket to its end: which of its ids are asked for, what came of each, and the books of it, which
/// always balance (promise P4): calls = images + bad_images + errors by code + lost.
class fill_run {
public:
  /// `carried` are those ids of the ticket that were tried before.
  fill_run(const grant_ticket& ticket, uint32_t gen_id, quota_class use, std::vector<carried_id> carried);

  /// The next id to ask for, with a unit that is counted as used from now on; none when the units or the ids are used
  /// up, or after stop().
  std::optional<std::string> next();

  /// One attempt ended. `image` is what the check found, of fetch_outcome::image only.
  void ended(fetched_code&& fetched, const fetch_verdict& verdict, const image_verdict& image, int64_t wall_ms);

  /// No further calls; those under way end as they end.
  void stop() noexcept { stopped_ = true; }

  bool over() const noexcept { return in_flight_ == 0 && (stopped_ || units_ == 0 || waiting_.empty()); }
  uint32_t in_flight() const noexcept { return in_flight_; }
  uint32_t could_send() const noexcept;
  size_t ids() const noexcept { return ids_; }

  /// When it is over: the good images, once.
  images_put take_images();

  /// The images could not be written: their codes are dead.
  void images_failed();

  /// When it is over: ids to try again with another grant. An id that was never asked for is not among them: it cost
  /// nothing, and nobody knows it.
  std::vector<carried_id> take_carried();

  /// When it is over: the end of the grant. `given_up` are ids of former grants that will not be tried again.
  grant_close close(uint32_t lot_size, const std::string& holder, const std::vector<carried_id>& given_up) const;

  const std::vector<stocked_code>& stocked() const noexcept { return stocked_; }
  uint32_t dead_that_count() const noexcept { return dead_that_count_; }
  uint32_t failures() const noexcept { return sent_ - static_cast<uint32_t>(images_); }
  const std::string& last_failure() const noexcept { return last_failure_; }
  const grant_ticket& ticket() const noexcept { return ticket_; }
  quota_class use() const noexcept { return use_; }

private:
  void failed(const std::string& id, const fetch_verdict& verdict);

  grant_ticket ticket_;
  uint32_t gen_id_;
  quota_class use_;
  size_t ids_;
  uint32_t units_;
  uint32_t in_flight_ = 0, sent_ = 0, lost_ = 0, dead_that_count_ = 0;
  size_t images_ = 0;
  bool stopped_ = false;
  std::deque<std::string> waiting_;
  std::map<std::string, carried_id> tried_; // attempts of ids that are neither stocked nor dead
  std::vector<stocked_code> stocked_;
  std::vector<image_file> files_;
  std::vector<dead_code> dead_;
  std::map<std::string, uint64_t> ledger_;
  std::string last_failure_;
};

} // namespace qrwell
