#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/wechat-sim/fault_plan.hpp"
#include "tools/wechat-sim/token_desk.hpp"

namespace qrwell::sim {

struct app_settings {
  std::string appid;
  std::string secret;
};

/// What a simulated WeChat is like; the defaults are WeChat's own where they are known.
struct sim_settings {
  std::vector<app_settings> apps;
  /// Released pages; empty: every page is one.
  std::vector<std::string> pages;
  uint64_t limit_per_minute = 5000;
  /// 0: no daily limit, as WeChat documents none for getwxacodeunlimit.
  uint64_t limit_per_day = 0;
  /// What a call above the minute's limit is told; WeChat's documents contradict each other.
  int limit_code = 45009;
  uint64_t token_calls_per_day = 2000;
  uint64_t stable_calls_per_minute = 10'000;
  uint64_t stable_calls_per_day = 500'000;
  int64_t latency_min_ms = 0;
  int64_t latency_max_ms = 0;
  token_rules tokens;
  int jpeg_quality = 80;
  uint64_t seed = 1;
  /// In force from the start; at most fault_plan::faults_max of them.
  std::vector<fault> faults;
};

} // namespace qrwell::sim
