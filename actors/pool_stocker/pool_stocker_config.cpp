#include "actors/pool_stocker/pool_stocker_config.hpp"

namespace qrwell {

caf::error validate(const pool_stocker_config& cfg) {
  auto wrong = [&cfg](const std::string& what) { return fail(ec::invalid_config, "pool " + cfg.pool + ": " + what); };
  if (cfg.pool.empty() || cfg.app.empty()) return fail(ec::invalid_config, "a pool needs a name and an app");
  if (cfg.gen_id == 0) return wrong("has no generation yet");
  if (cfg.high > 100'000'000) return wrong("stock.high must be from 0 to 100,000,000 codes");
  if (cfg.high == 0 && !cfg.link_allowed) return wrong("stock.high must be at least 1, or on_empty must have link");
  if (cfg.low > cfg.high) return wrong("stock.low must not be above stock.high");
  if (cfg.reserve > cfg.high) return wrong("stock.reserve must not be above stock.high");
  if (cfg.age_out_ms < 0) return wrong("stock.age_out must not be negative");
  if (cfg.per_minute < 1 || cfg.live_reserve >= cfg.per_minute)
    return wrong("the app's live_reserve must be below its per_minute");
  if (cfg.grants_under_way_max < 1 || cfg.grants_under_way_max > 64)
    return wrong("grants_under_way_max must be from 1 to 64");
  if (cfg.calls_under_way_max < 1) return wrong("calls_under_way_max must be at least 1");
  if (cfg.call_timeout_ms < 100 || cfg.call_timeout_ms > 60'000)
    return wrong("call_timeout must be from 100 ms to 60 s");
  if (cfg.tick_ms < 10 || cfg.tick_ms > 1'000) return wrong("tick must be from 10 ms to 1 s");
  if (cfg.images.image_bytes_max < 1'024 || cfg.images.side_max_px < 280)
    return wrong("image limits are below what WeChat sends");
  return caf::none;
}

} // namespace qrwell
