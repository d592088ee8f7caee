#pragma once

#include "messages/limits.hpp"
#include "messages/scan.hpp"

#include <string>
#include <unordered_map>

namespace qrwell {

struct scan_recorder_config {
  uint32_t flush_interval_ms = 5'000;
  size_t batch_max = 10'000;    ///< distinct (id, launch) pairs that cause a flush
  size_t waiting_max = 200'000; ///< pairs kept while the store is away; past it scans are dropped and counted
  uint32_t store_timeout_ms = 3'000;
  size_t rows_per_write_max = 500; ///< of one transaction, so that no bind waits for more than some milliseconds
};

caf::error validate(const scan_recorder_config& cfg);

/// Scans, added up until the store takes them. At most one batch is under way; what it cannot write is put back, what
/// does not fit is dropped and counted: a scan is never delayed by its counting.
class scan_counts {
public:
  explicit scan_counts(scan_recorder_config cfg)
      : cfg_(cfg) {}

  void add(const scans_seen& seen);

  /// The next batch for the store: when one is due and none is under way. Empty: nothing to write.
  scans_seen take(int64_t mono_ms);
  void written();
  void not_written();

  void set_limits(const count_limits& limits) noexcept {
    cfg_.flush_interval_ms = limits.flush_interval_ms;
    cfg_.batch_max = limits.batch_max;
    cfg_.waiting_max = limits.waiting_max;
  }

  size_t waiting() const noexcept { return counts_.size(); }
  uint64_t recorded() const noexcept { return recorded_; }
  uint64_t dropped() const noexcept { return dropped_; }
  uint32_t failures_in_a_row() const noexcept { return failures_; }

private:
  struct key {
    std::string id;
    uint32_t launch = 0;
    friend bool operator==(const key&, const key&) = default;
  };
  struct key_hash {
    size_t operator()(const key& k) const noexcept {
      return std::hash<std::string>{}(k.id) ^ (size_t{k.launch} * 0x9E3779B97F4A7C15ull);
    }
  };

  void add_one(const scan_count& scan);

  scan_recorder_config cfg_;
  std::unordered_map<key, uint64_t, key_hash> counts_;
  scans_seen under_way_;
  int64_t flushed_at_ms_ = 0;
  uint64_t recorded_ = 0, dropped_ = 0;
  bool flushing_ = false; ///< a flush goes on until nothing is left
  uint32_t failures_ = 0;
};

} // namespace qrwell
