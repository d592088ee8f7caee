#include "actors/quota_manager/quota_config.hpp"

#include "actors/quota_manager/quota_constants.hpp"

namespace qrwell {

caf::error validate(const quota_manager_config& cfg) {
  auto wrong = [&cfg](std::string what) { return fail(ec::invalid_config, "app " + cfg.app + ": " + std::move(what)); };
  if (cfg.app.empty() || cfg.holder.empty()) return wrong("a quota manager needs the app's name and an incarnation");
  if (cfg.per_minute == 0 || cfg.per_minute > 1'000'000) return wrong("per_minute must be 1 to 1000000");
  if (cfg.live_reserve >= cfg.per_minute)
    return wrong("live_reserve must be below per_minute, or nothing is left for stock");
  if (cfg.grants_open_max == 0 || cfg.grants_open_max * 2 > cfg.grants_known_max)
    return wrong("grants_open_max must be 1 to half of grants_known_max");
  if (cfg.renew_every_ms == 0 || cfg.renew_every_ms * 3 > cfg.lease_ttl_ms)
    return wrong("the lease must outlive three renewals");
  if (cfg.store_timeout_ms == 0 || cfg.answer_max_ms < cfg.hold_max_ms + cfg.store_timeout_ms)
    return wrong("answer_max_ms must cover hold_max_ms and store_timeout_ms");
  if (cfg.abandoned_for_ms < 2 * call_timeout_ms) return wrong("abandoned_for_ms must cover two calls");
  return {};
}

} // namespace qrwell
