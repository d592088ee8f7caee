#include "actors/store_worker/store_reader.hpp"

#include "runtime/core/thread_priority.hpp"

namespace qrwell {
namespace {

enum lane : size_t { scan_lane, change_lane, bulk_lane };

caf::expected<foreign_keys> keys_of(code_store& store) {
  auto rows = store.mac_keys();
  if (!rows) return std::move(rows.error());
  foreign_keys out;
  for (const auto& row : *rows) out.keys.push_back({row.key_char, row.fingerprint});
  return out;
}

} // namespace

store_reader_actor::behavior_type store_reader(watched<store_reader_actor, store_reader_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<code_store> store) {
  self->set_vitals(v);
  if (cfg.gives_way) give_way();
  self->state.engine = std::move(store);
  auto limits = cfg.limits;
  self->state.desk = std::make_unique<lane_desk>(store_reader_state::name, std::move(cfg),
                                                 std::vector<std::string>{"scan", "change", "bulk"});
  using s = code_store;
  return {
      watch(v, "scene_query",
            [self](scene_query& m) {
              return in_lane(self, scan_lane, "scene_query", m, [](s& e, auto& q) { return e.find_scenes(q); });
            }),
      watch(v, "code_query",
            [self](code_query& m) {
              return in_lane(self, change_lane, "code_query", m, [](s& e, auto& q) { return e.find_code(q); });
            }),
      watch(v, "keys_query",
            [self](keys_query& m) {
              return in_lane(self, change_lane, "keys_query", m, [](s& e, auto&) { return e.keys(); });
            }),
      watch(v, "identity_query",
            [self](identity_query& m) {
              return in_lane(self, change_lane, "identity_query", m, [](s& e, auto&) { return e.identity(); });
            }),
      watch(v, "mac_keys_query",
            [self](mac_keys_query& m) {
              return in_lane(self, change_lane, "mac_keys_query", m, [](s& e, auto&) { return keys_of(e); });
            }),
      watch(v, "levels_query",
            [self](levels_query& m) {
              return in_lane(self, change_lane, "levels_query", m, [](s& e, auto& q) { return e.levels(q); });
            }),
      watch(v, "bind_recall",
            [self](bind_recall& m) {
              return in_lane(self, change_lane, "bind_recall", m, [](s& e, auto& q) { return e.recall(q); });
            }),
      watch(v, "code_list",
            [self](code_list& m) {
              return in_lane(self, bulk_lane, "code_list", m, [](s& e, auto& q) { return e.list(q); });
            }),
      watch(v, "stats_query",
            [self](stats_query& m) {
              return in_lane(self, bulk_lane, "stats_query", m, [](s& e, auto& q) { return e.stats(q); });
            }),
      watch(v, "audit_query",
            [self](audit_query& m) {
              return in_lane(self, bulk_lane, "audit_query", m, [](s& e, auto& q) { return e.audit_log(q); });
            }),
      watch(v, "jobs_query",
            [self](jobs_query& m) {
              return in_lane(self, bulk_lane, "jobs_query", m, [](s& e, auto& q) { return e.jobs(q); });
            }),
      watch(v, "verify_query",
            [self, limits](verify_query& m) {
              return in_lane(self, bulk_lane, "verify_query", m, [limits](s& e, auto&) { return e.verify(limits); });
            }),
      watch(v, "tick", [self](const tick&) { run_next_job(self); }),
      watch(v, "status_query", [self](const status_query&) { return self->state.desk->status(); }),
  };
}

} // namespace qrwell
