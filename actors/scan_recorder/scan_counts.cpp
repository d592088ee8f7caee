#include "actors/scan_recorder/scan_counts.hpp"

#include "messages/errors.hpp"

namespace qrwell {

caf::error validate(const scan_recorder_config& cfg) {
  if (cfg.flush_interval_ms == 0)
    return fail(ec::invalid_config, "scan_recorder: flush_interval_ms must be at least 1");
  if (cfg.batch_max == 0 || cfg.batch_max > cfg.waiting_max)
    return fail(ec::invalid_config, "scan_recorder: batch_max must be between 1 and waiting_max");
  return {};
}

void scan_counts::add(const scans_seen& seen) {
  for (const auto& scan : seen.scans) add_one(scan);
}

namespace {

// WeChat's launch scenes have been 1000 to 1320 or so. What anybody may write there is counted, but not one by one.
uint32_t known_launch(uint32_t launch) {
  return launch >= 1'000 && launch < 1'400 ? launch : 0;
}

} // namespace

void scan_counts::add_one(const scan_count& scan) {
  key k{scan.id, known_launch(scan.launch)};
  if (auto at = counts_.find(k); at != counts_.end()) {
    at->second += scan.count;
  } else if (counts_.size() < cfg_.waiting_max) {
    counts_.emplace(std::move(k), scan.count);
  } else {
    dropped_ += scan.count;
  }
}

scans_seen scan_counts::take(int64_t mono_ms) {
  auto due = mono_ms - flushed_at_ms_ >= cfg_.flush_interval_ms || (counts_.size() >= cfg_.batch_max && failures_ == 0);
  if (!(due || flushing_) || !under_way_.scans.empty() || counts_.empty()) return {};
  if (due) flushed_at_ms_ = mono_ms;
  for (auto it = counts_.begin(); it != counts_.end() && under_way_.scans.size() < cfg_.rows_per_write_max;
       it = counts_.erase(it))
    under_way_.scans.push_back({it->first.id, it->first.launch, it->second});
  flushing_ = !counts_.empty();
  return under_way_;
}

void scan_counts::written() {
  for (const auto& scan : under_way_.scans) recorded_ += scan.count;
  under_way_.scans.clear();
  failures_ = 0;
}

void scan_counts::not_written() {
  // After a commit of unknown outcome this may count a scan twice: counts are best effort, bindings are not.
  auto again = std::exchange(under_way_, {});
  add(again);
  ++failures_;
  flushing_ = false;
}

} // namespace qrwell
