#pragma once

#include "actors/quota_manager/quota_constants.hpp"
#include "messages/quota.hpp"

#include <deque>
#include <map>
#include <vector>

namespace qrwell {

/// Ends of grants on their way to the store. An end is kept until the store has it, since it carries the rows and the
/// books of calls that cost quota (promise P4); it is tried again with back-off, which is harmless, because the store
/// closes a grant once. How many there are is bounded by how many grants may be open.
class grant_closer {
public:
  static constexpr int64_t retry_min_ms = 100, retry_max_ms = 5'000;
  static constexpr size_t askers_max = 4; ///< of one end; the sender repeats after its time-out
  static constexpr size_t remembered_max = 64;

  struct answer {
    std::vector<uint64_t> askers;
    grant_closed result;
  };

  /// Takes an end, or an asker's repeat of one that is on its way. `asker` 0: nobody waits. Returns askers that had to
  /// make room.
  std::vector<uint64_t> add(grant_close end, uint64_t asker);

  /// The answer of an end that was written lately, or null.
  const grant_closed* written(grant_key key) const;
  bool on_its_way(grant_key key) const { return ends_.contains(key); }

  /// What is to be sent to the store now.
  std::vector<grant_close> due(int64_t now_ms);

  /// The store has it.
  answer wrote(grant_key key, grant_closed result);

  /// The store does not have it, or nobody knows.
  void failed(grant_key key, int64_t now_ms);

  int64_t next_ms() const;
  size_t size() const noexcept { return ends_.size(); }

  /// The longest that any end has been tried in vain.
  uint32_t failures() const;

private:
  struct entry {
    grant_close end;
    std::vector<uint64_t> askers;
    bool under_way = false;
    int64_t retry_at_ms = 0;
    uint32_t failures = 0;
  };

  std::map<grant_key, entry> ends_;
  std::deque<std::pair<grant_key, grant_closed>> remembered_;
};

} // namespace qrwell
