#pragma once

#include "actors/binding_persister/binding_persister_config.hpp"
#include "actors/binding_persister/quarantine.hpp"
#include "messages/bind.hpp"
#include "messages/limits.hpp"

#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace qrwell {

/// What the groups want done. `group` and `resolve` are requests whose ends are group_ended() and resolve_ended().
struct group_effects {
  std::optional<bind_group> group;
  std::optional<bind_resolve> resolve;
  std::vector<std::pair<uint32_t, bind_results>> results; ///< by sender
  std::vector<std::pair<uint32_t, claim_result>> claims;  ///< by sender
};

/// Group commit: one transaction at a time, and what gathers meanwhile is the next. Every bind that comes in ends in
/// exactly one result; one whose deadline is past is dropped before its transaction, never after.
class bind_groups {
public:
  explicit bind_groups(const binding_persister_config& cfg);

  void add(uint32_t sender, bind_batch& batch, int64_t now_ms);
  void add(uint32_t sender, const claim_request& claim);
  void add(const lots_done& done);

  /// The end of the group under way. Of an error only ours that promises that nothing happened may come as such; any
  /// other must come as outcome_unknown.
  void group_ended(caf::expected<bind_group_result> end, int64_t now_ms);
  void resolve_ended(caf::expected<bind_group_result> end, int64_t now_ms);
  void tick(int64_t now_ms);

  /// All that was decided since the last call, and the next group if it may go.
  group_effects take(int64_t now_ms);

  /// From the next group on; what waits already stays.
  void set_limits(const bind_limits& limits);

  /// Binds of which it is not known whether the store committed them.
  size_t quarantined() const noexcept { return unknown_.size(); }
  /// Of the last transaction; empty: it was committed.
  const std::string& last_error() const noexcept { return last_error_; }

  actor_status status() const;

private:
  struct waiting_claim {
    uint32_t sender = 0;
    claim_request claim;
  };
  struct bundle {
    std::vector<waiting_bind> binds;
    std::vector<waiting_claim> claims;
    std::vector<uint64_t> lots;
    bool again = false; ///< its second time
  };
  /// A bundle at the store, which reads the same requests.
  struct under_way {
    shared_list<bind_request> requests;
    std::vector<bind_origin> origins; ///< of the requests, in their order
    std::vector<waiting_claim> claims;
    std::vector<uint64_t> lots;
    bool again = false;
  };

  std::optional<bind_group> next_group(int64_t now_ms);
  bind_group send(bundle b);
  static bundle take_back(under_way u);
  void drop_late(int64_t now_ms);
  void answer(const under_way& u, bind_group_result& result);
  void retry(bundle b);
  void give_up(bundle b, const std::string& why);
  void into_quarantine(bundle b, int64_t now_ms);
  std::vector<bind_result>& results_for(uint32_t sender);
  void end(const bind_origin& from, const bind_request& request, bind_result result);
  void end(const waiting_bind& bind, bind_end how, std::string detail = {});
  void fail_claims(const std::vector<waiting_claim>& claims);
  void put_back(std::vector<uint64_t> lots);

  binding_persister_config cfg_;
  std::deque<waiting_bind> waiting_;
  std::deque<waiting_claim> claims_;
  std::deque<uint64_t> lots_;
  std::optional<under_way> now_;
  std::deque<bundle> again_; ///< to be sent as they are before anything new: a second time, or alone
  quarantine unknown_;
  int64_t not_before_ms_ = std::numeric_limits<int64_t>::min(); ///< after an error: the store is left alone so long
  group_effects out_;
  struct {
    uint64_t groups = 0, binds = 0, bound = 0, late = 0, failed = 0, unknown = 0, retried = 0;
  } counts_;
  std::string last_error_;
};

} // namespace qrwell
