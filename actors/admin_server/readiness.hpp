#pragma once

#include "messages/inspect.hpp"
#include "messages/stock.hpp"

#include <string>
#include <vector>

namespace qrwell {

struct ready_check {
  std::string name;
  bool ok = true;
  std::string detail;
};

/// What `/readyz?for=issue` and `?for=scan` look at. A node that can scan but not issue must stay behind the balancer
/// of the scans: each purpose has its own checks, and an empty pool does not make a node unready, since 503 with
/// Retry-After is the right answer of all nodes then.
std::vector<ready_check> ready_for_scan(const inspect_report& report);
std::vector<ready_check> ready_for_issue(const inspect_report& report, const std::vector<pool_state>& pools);

} // namespace qrwell
