#include "actors/binding_persister/binding_persister_config.hpp"

namespace qrwell {

caf::error validate(const binding_persister_config& cfg) {
  auto wrong = [](const char* sentence) {
    return fail(ec::invalid_config, std::string("binding_persister: ") + sentence);
  };
  if (cfg.holder.empty()) return wrong("holder must name the incarnation.");
  if (cfg.group_max == 0 || cfg.group_max > 256) return wrong("group_max must be 1 to 256.");
  if (cfg.waiting_max < cfg.group_max) return wrong("waiting_max must be at least group_max.");
  if (cfg.claims_per_group_max == 0 || cfg.lots_done_per_group_max == 0 || cfg.claims_waiting_max == 0)
    return wrong("claims_waiting_max, claims_per_group_max and lots_done_per_group_max must be at least 1.");
  if (cfg.resolve_backoff_min_ms == 0 || cfg.resolve_backoff_max_ms < cfg.resolve_backoff_min_ms)
    return wrong("resolve_backoff_min_ms must be 1 to resolve_backoff_max_ms.");
  if (cfg.tick_ms == 0 || cfg.db_timeout_ms == 0) return wrong("tick_ms and db_timeout_ms must be at least 1.");
  return caf::none;
}

} // namespace qrwell
