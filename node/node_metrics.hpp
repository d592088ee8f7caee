#pragma once

#include "actors/http_frontend/counters.hpp"
#include "messages/inspect.hpp"
#include "messages/stock.hpp"
#include "runtime/metrics/metrics.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace qrwell {

/// What `/metrics` shows: read at each scrape from what the actors say of themselves and from the counters of the front
/// ends, so that counting costs the hot path nothing.
class node_metrics {
public:
  node_metrics(const std::string& node, std::map<std::string, std::shared_ptr<http_counters>> listeners);

  /// One transaction of bindings. From any thread, at once.
  void committed(double seconds, size_t bindings) noexcept;

  std::string render(const inspect_report& report, const std::vector<pool_state>& pools);

private:
  void read_listeners();
  void read_pools(const std::vector<pool_state>& pools);
  void read_actors(const inspect_report& report);
  void read_words(const actor_status& status);

  std::mutex mutex_; ///< two admin servers may be asked at once
  metrics all_;
  histogram_handle commit_time_, group_size_;
  std::map<std::string, std::shared_ptr<http_counters>> listeners_;
  uint64_t hot_hits_ = 0; ///< scans that the front ends answered themselves
};

} // namespace qrwell
