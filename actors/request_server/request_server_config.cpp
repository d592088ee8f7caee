#include "actors/request_server/request_server_config.hpp"

namespace qrwell {

caf::error validate(const request_server_config& cfg) {
  auto wrong = [](std::string sentence) { return fail(ec::invalid_config, std::move(sentence)); };
  if (cfg.public_url.empty() || cfg.public_url.back() == '/')
    return wrong("http.public_url: must be the address clients use, without '/' at its end.");
  if (cfg.waiting_max == 0) return wrong("request_server.waiting_max: must be at least 1.");
  if (cfg.request_deadline_ms == 0 || cfg.live_deadline_ms < cfg.request_deadline_ms)
    return wrong("request_server.live_deadline_ms: must be at least request_deadline_ms, which must not be 0.");
  if (cfg.keys_refresh_ms == 0 || cfg.keys_refresh_ms >= cfg.keys_age_max_ms)
    return wrong("request_server.keys_refresh_ms: must be above 0 and below keys_age_max_ms.");
  if (cfg.tick_ms == 0 || cfg.store_timeout_ms == 0 || cfg.live_timeout_ms == 0 || cfg.report_ms == 0)
    return wrong("request_server: tick_ms, report_ms, store_timeout_ms and live_timeout_ms must be at least 1.");
  if (cfg.drawings_per_s_max == 0) return wrong("request_server.drawings_per_s_max: must be at least 1.");
  if (cfg.shelf.lots_max == 0 || cfg.shelf.backoff_min_ms == 0 || cfg.shelf.lot_codes_guess == 0 ||
      cfg.shelf.lost_races_max == 0)
    return wrong(
        "request_server.shelf: lots_max, lot_codes_guess, backoff_min_ms and lost_races_max must be at least 1.");
  if (!cfg.links.empty() && !cfg.mint) return wrong("request_server.mint: link codes need a maker of ids.");
  if (!cfg.wall) return wrong("request_server.wall: needs a clock.");
  return caf::none;
}

} // namespace qrwell
