#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wechat-sim/fault_plan.hpp"
#include "tools/wechat-sim/token_desk.hpp"

namespace qrwell::sim {

struct app_settings {
  std::string appid;
  std::string secret;
};

/// How a minute is measured; WeChat's documents do not say.
enum class window_kind { sliding, fixed };

/// Which calls of getwxacodeunlimit use up the quota; WeChat's documents do not say.
enum class charge_rule {
  passed, // every call that the quota lets pass, whatever comes of it
  all,    // also those that the quota refuses, so that who goes on asking stays refused
  images, // only calls that give an image
};

/// What a simulated WeChat is like; the defaults are WeChat's own where they are known.
struct sim_settings {
  std::vector<app_settings> apps;
  /// Released pages; empty: every page is one.
  std::vector<std::string> pages;
  /// Addresses that may call; empty: every address.
  std::vector<std::string> allowed_ips;
  uint64_t limit_per_minute = 5000;
  /// 0: no daily limit, as WeChat documents none for getwxacodeunlimit.
  uint64_t limit_per_day = 0;
  /// What a call above the minute's limit is told; WeChat's documents contradict each other.
  int limit_code = 45009;
  window_kind window = window_kind::sliding;
  charge_rule charge = charge_rule::passed;
  /// What a body is told that is no JSON object: 47001 or 40169.
  int bad_body_code = 47001;
  /// What a width outside 280..1280 is told; 0: it is moved to the nearest end.
  int bad_width_code = 0;
  /// What a wrong secret is told: 40125 or 40001.
  int bad_secret_code = 40125;
  uint64_t token_calls_per_day = 2000;
  uint64_t stable_calls_per_minute = 10'000;
  uint64_t stable_calls_per_day = 500'000;
  /// Resets of the daily counts a month: by clear_quota (both forms together), and by openapi/quota/clear.
  uint64_t clears_per_month = 10;
  uint64_t path_clears_per_month = 50;
  int64_t latency_min_ms = 0;
  int64_t latency_max_ms = 0;
  token_rules tokens;
  int jpeg_quality = 80;
  uint64_t seed = 1;
  /// In force from the start; at most fault_plan::faults_max of them.
  std::vector<fault> faults;

  bool allows(std::string_view ip) const {
    return allowed_ips.empty() || std::ranges::find(allowed_ips, ip) != allowed_ips.end();
  }
};

} // namespace qrwell::sim
