#include "actors/transfer_server/transfer_server.hpp"

#include "actors/transfer_server/transfer_calls.hpp"
#include "runtime/core/thread_priority.hpp"

namespace qrwell {

caf::error validate(const transfer_server_config& cfg) {
  const auto& p = cfg.pace;
  if (cfg.folder.empty()) return fail(ec::invalid_config, "transfer_server: it needs a folder for its files");
  if (p.rows_min == 0 || p.rows_max < p.rows_min || p.rows_max > transfer_rows_max || p.share_percent == 0 ||
      p.share_percent > 100 || p.beside_percent == 0 || p.beside_percent > 100 || p.beside_rows_max == 0 ||
      p.pause_max_us < p.pause_min_us)
    return fail(ec::invalid_config, "transfer_server: slices must have 1 to 500 rows and a share of 1 to 100 %");
  if (cfg.import_bytes_max == 0 || cfg.download_bytes_max == 0 || cfg.read_bytes == 0 || cfg.jobs_open_max == 0 ||
      cfg.jobs_kept_max == 0 || cfg.store_timeout_ms == 0 || cfg.under_way_max == 0 || cfg.parts_max == 0 ||
      cfg.export_page_rows == 0 || cfg.export_page_rows > 1'000)
    return fail(ec::invalid_config, "transfer_server: limits must be at least 1");
  return {};
}

transfer_server_actor::behavior_type transfer_server(watched<transfer_server_actor, transfer_server_state>* self,
                                                     vitals_ptr v, transfer_server_config cfg, wall_clock wall,
                                                     transfer_server_handles handles) {
  if (cfg.gives_way) give_way();
  self->set_vitals(v);
  using keys_type = key_watch<watched<transfer_server_actor, transfer_server_state>*>;
  self->state.keys = std::make_unique<keys_type>(self, key_watch_config{}, wall, handles.reader);
  auto calls = std::make_shared<transfer_calls>(self, std::move(cfg), std::move(wall), std::move(handles));
  self->send(self, tick{});
  return {
      watch(v, "tick", [calls](tick) { calls->on_tick(); }),
      watch(v, "http_batch", [calls](http_batch& batch) { calls->serve(batch); }),
      watch(v, "status_query", [calls](status_query) -> actor_status { return calls->status(); }),
  };
}

} // namespace qrwell
