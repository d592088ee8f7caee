#include "actors/transfer_server/transfer_server.hpp"

#include "actors/transfer_server/transfer_calls.hpp"
#include "runtime/core/thread_priority.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace qrwell {

caf::error validate(const transfer_server_config& cfg) {
  const auto& p = cfg.pace;
  auto wrong = [](std::string_view name, const std::string& must) {
    return fail(ec::invalid_config, fmt::format("transfer_server: {} must be {}", name, must));
  };
  if (cfg.folder.empty()) return wrong("folder", "the one for the files of jobs");
  const std::tuple<const char*, uint64_t, uint64_t, uint64_t> ranges[] = {
      {"pace.rows_max", p.rows_max, 1, transfer_rows_max},  {"pace.rows_min", p.rows_min, 1, p.rows_max},
      {"pace.share_percent", p.share_percent, 1, 100},      {"pace.beside_percent", p.beside_percent, 1, 100},
      {"export_page_rows", cfg.export_page_rows, 1, 1'000},
  };
  for (const auto& [name, value, least, most] : ranges)
    if (value < least || value > most) return wrong(name, fmt::format("{} to {}", least, most));
  const std::pair<const char*, uint64_t> limits[] = {
      {"pace.beside_rows_max", p.beside_rows_max},
      {"import_bytes_max", cfg.import_bytes_max},
      {"download_bytes_max", cfg.download_bytes_max},
      {"read_bytes", cfg.read_bytes},
      {"jobs_open_max", cfg.jobs_open_max},
      {"jobs_kept_max", cfg.jobs_kept_max},
      {"store_timeout_ms", cfg.store_timeout_ms},
      {"under_way_max", cfg.under_way_max},
      {"parts_max", cfg.parts_max},
  };
  for (const auto& [name, value] : limits)
    if (value == 0) return wrong(name, "at least 1");
  if (p.pause_max_us < p.pause_min_us) return wrong("pace.pause_max_us", "no less than pace.pause_min_us");
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
