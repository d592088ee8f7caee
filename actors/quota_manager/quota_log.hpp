#pragma once

#include "actors/quota_manager/quota_core.hpp"
#include "runtime/logging/repeats.hpp"

namespace qrwell {

/// Writes down what becomes of an app's lease and of WeChat's limit: compares the core with what it was at the last
/// look.
class quota_log {
public:
  explicit quota_log(std::string app)
      : app_(std::move(app)) {}

  /// Cheap when nothing changed.
  void look(quota_core& core, quota_now now);

private:
  std::string app_;
  bool leads_ = false;
  rate_mode mode_ = rate_mode::normal;
  int64_t looked_ms_ = 0;
  log::trouble trouble_;
};

} // namespace qrwell
