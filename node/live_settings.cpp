#include "node/live_settings.hpp"

#include <caf/send.hpp>

namespace qrwell {
namespace {

issue_limits limits_of(const request_server_config& c) {
  return {c.waiting_max,    c.request_deadline_ms,   c.live_deadline_ms,       c.store_timeout_ms,
          c.shelf.lots_max, c.target.path_bytes_max, c.target.query_bytes_max, c.target.tag_bytes_max,
          c.target.tags_max};
}

} // namespace

caf::error apply_limits(const live_crew& to, const settings& cfg, const data_dir& dir) {
  auto fronts = listener_settings(cfg);
  auto request = request_settings(cfg, to.request_settings->get().mint);
  auto persister = persister_settings(cfg, dir);
  auto scan = scan_settings(cfg);
  auto recorder = recorder_settings(cfg);
  if (!fronts) return fronts.error();
  if (!request) return request.error();
  if (!persister) return persister.error();
  if (!scan) return scan.error();
  if (!recorder) return recorder.error();
  for (const auto& front : to.front_ends) caf::anon_send(front, frontend_limits{*fronts});

  caf::anon_send(to.request_server, limits_of(*request));
  to.request_settings->set(std::move(*request));

  caf::anon_send(to.persister, bind_limits{persister->waiting_max, persister->group_max, persister->db_timeout_ms});
  persister->on_commit = to.persister_settings->get().on_commit;
  to.persister_settings->set(std::move(*persister));

  caf::anon_send(to.scan_server, scan_limits{scan->cache_entries_max, scan->store_timeout_ms});
  scan->files = to.scan_settings->get().files;
  to.scan_settings->set(*scan);

  caf::anon_send(to.recorder, count_limits{recorder->flush_interval_ms, recorder->store_timeout_ms, recorder->batch_max,
                                           recorder->waiting_max});
  to.recorder_settings->set(*recorder);
  return {};
}

void tell_pending(const live_crew& to, const std::vector<std::string>& options) {
  for (const auto& [actor, settings] : to.admins) {
    caf::anon_send(actor, restart_pending{options});
    auto next = settings->get();
    next.node.pending_restart = options;
    settings->set(std::move(next));
  }
}

} // namespace qrwell
