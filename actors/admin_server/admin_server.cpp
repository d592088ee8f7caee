#include "actors/admin_server/admin_server.hpp"

#include "actors/admin_server/admin_calls.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {

caf::error validate(const admin_server_config& cfg) {
  if (cfg.under_way_max == 0 || cfg.ask_timeout_ms == 0 || cfg.health_timeout_ms == 0)
    return fail(ec::invalid_config, "admin_server: limits must be at least 1");
  return {};
}

admin_server_actor::behavior_type admin_server(watched<admin_server_actor, admin_server_state>* self, vitals_ptr v,
                                               admin_server_config cfg, wall_clock wall, admin_server_handles handles) {
  self->set_vitals(v);
  using keys_type = key_watch<watched<admin_server_actor, admin_server_state>*>;
  self->state.keys = std::make_unique<keys_type>(self, key_watch_config{}, wall, handles.reader);
  self->state.pending_restart = cfg.node.pending_restart;
  auto writer = handles.writer;
  auto calls = std::make_shared<admin_calls>(self, std::move(cfg), std::move(wall), std::move(handles));
  self->send(self, tick{});
  return {
      watch(v, "pool_state", [self](const pool_state& pool) { self->state.pools[pool.pool] = pool; }),
      watch(v, "restart_pending", [self](const restart_pending& x) { self->state.pending_restart = x.options; }),
      watch(v, "tick",
            [self, writer](tick) {
              self->delayed_send(self, std::chrono::seconds(1), tick{});
              self->state.keys->refresh_if_due();
              self->state.keys->tell_used(writer);
            }),
      watch(v, "http_batch", [calls](const http_batch& batch) { calls->serve(batch); }),
      watch(v, "status_query", [calls](status_query) -> actor_status { return calls->status(); }),
  };
}

} // namespace qrwell
