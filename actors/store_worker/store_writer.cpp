#include "actors/store_worker/store_writer.hpp"

#include <algorithm>

namespace qrwell {
namespace {

enum lane : size_t { bind_lane, change_lane, stock_lane, counts_lane, bulk_lane };

caf::expected<void> register_keys(code_store& store, const foreign_keys& foreign) {
  auto known = store.mac_keys();
  if (!known) return std::move(known.error());
  // A key that is here already keeps its rank: what came from here may come back.
  auto here = [&](const foreign_key& key) {
    return std::any_of(known->begin(), known->end(), [&](const auto& row) {
      return row.key_char == key.key_char && row.fingerprint == key.fingerprint;
    });
  };
  for (const auto& key : foreign.keys)
    if (here(key))
      continue;
    else if (auto put = store.ensure_mac_key({key.key_char, key.fingerprint, false, "store"}); !put)
      return put;
  return caf::unit;
}

} // namespace

store_writer_actor::behavior_type store_writer(watched<store_writer_actor, store_writer_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<code_store> store) {
  self->set_vitals(v);
  self->state.engine = std::move(store);
  self->state.desk = std::make_unique<lane_desk>(store_writer_state::name, std::move(cfg),
                                                 std::vector<std::string>{"bind", "change", "stock", "counts", "bulk"});
  using s = code_store;
  return {
      watch(v, "bind_group",
            [self](bind_group& m) {
              return in_lane(self, bind_lane, "bind_group", m, [self](s& e, auto& q) {
                ++self->state.binds;
                return e.bind(q);
              });
            }),
      watch(v, "bind_resolve",
            [self](bind_resolve& m) {
              return in_lane(self, bind_lane, "bind_resolve", m, [](s& e, auto& q) { return e.resolve(q); });
            }),
      watch(v, "code_change",
            [self](code_change& m) {
              return in_lane(self, change_lane, "code_change", m, [](s& e, auto& q) { return e.change(q); });
            }),
      watch(v, "codes_kill",
            [self](codes_kill& m) {
              return in_lane(self, change_lane, "codes_kill", m, [](s& e, auto& q) { return e.kill_codes(q); });
            }),
      watch(v, "pool_pause",
            [self](pool_pause& m) {
              return in_lane(self, change_lane, "pool_pause", m, [](s& e, auto& q) { return e.pause(q); });
            }),
      watch(v, "key_add",
            [self](key_add& m) {
              return in_lane(self, change_lane, "key_add", m, [](s& e, auto& q) { return e.add_key(q); });
            }),
      watch(v, "key_rotate",
            [self](key_rotate& m) {
              return in_lane(self, change_lane, "key_rotate", m, [](s& e, auto& q) { return e.rotate_key(q); });
            }),
      watch(v, "key_revoke",
            [self](key_revoke& m) {
              return in_lane(self, change_lane, "key_revoke", m, [](s& e, auto& q) { return e.revoke_key(q); });
            }),
      watch(v, "foreign_keys",
            [self](foreign_keys& m) {
              return in_lane(self, change_lane, "foreign_keys", m, [](s& e, auto& q) { return register_keys(e, q); });
            }),
      watch(v, "audit_put",
            [self](audit_put& m) {
              return in_lane(self, change_lane, "audit_put", m, [](s& e, auto& q) { return e.put_audit(q); });
            }),
      watch(v, "lease_take",
            [self](lease_take& m) {
              return in_lane(self, stock_lane, "lease_take", m, [](s& e, auto& q) { return e.take_lease(q); });
            }),
      watch(v, "lease_renew",
            [self](lease_renew& m) {
              return in_lane(self, stock_lane, "lease_renew", m, [](s& e, auto& q) { return e.renew_lease(q); });
            }),
      watch(v, "grant_open",
            [self](grant_open& m) {
              return in_lane(self, stock_lane, "grant_open", m, [](s& e, auto& q) { return e.open_grant(q); });
            }),
      watch(v, "grant_find",
            [self](grant_find& m) {
              return in_lane(self, stock_lane, "grant_find", m, [](s& e, auto& q) { return e.find_grant(q); });
            }),
      watch(v, "grant_close",
            [self](grant_close& m) {
              return in_lane(self, stock_lane, "grant_close", m, [](s& e, auto& q) { return e.close_grant(q); });
            }),
      watch(v, "grants_drop",
            [self](grants_drop& m) {
              return in_lane(self, stock_lane, "grants_drop", m, [](s& e, auto& q) { return e.drop_grants(q); });
            }),
      watch(v, "lots_seal",
            [self](lots_seal& m) {
              return in_lane(self, stock_lane, "lots_seal", m, [](s& e, auto& q) { return e.seal_lots(q); });
            }),
      watch(v, "lots_give_back",
            [self](lots_give_back& m) {
              return in_lane(self, stock_lane, "lots_give_back", m, [](s& e, auto& q) { return e.give_back_lots(q); });
            }),
      watch(v, "age_out",
            [self](age_out& m) {
              return in_lane(self, stock_lane, "age_out", m, [](s& e, auto& q) { return e.age_out(q); });
            }),
      watch(v, "scans_seen",
            [self](scans_seen& m) {
              return in_lane(self, counts_lane, "scans_seen", m, [](s& e, auto& q) { return e.add_scans(q); });
            }),
      watch(v, "keys_used",
            [self](keys_used& m) {
              return in_lane(self, counts_lane, "keys_used", m, [](s& e, auto& q) { return e.mark_keys_used(q); });
            }),
      watch(v, "import_rows",
            [self](import_rows& m) {
              return in_lane(self, bulk_lane, "import_rows", m, [self](s& e, auto& q) {
                auto out = e.import_codes(q);
                if (out) out->binds_beside = std::exchange(self->state.binds, 0);
                return out;
              });
            }),
      watch(v, "job_put",
            [self](job_put& m) {
              return in_lane(self, bulk_lane, "job_put", m, [](s& e, auto& q) { return e.put_job(q); });
            }),
      watch(v, "jobs_drop",
            [self](jobs_drop& m) {
              return in_lane(self, bulk_lane, "jobs_drop", m, [](s& e, auto& q) { return e.drop_jobs(q); });
            }),
      watch(v, "store_purge",
            [self](store_purge& m) {
              return in_lane(self, bulk_lane, "store_purge", m, [](s& e, auto& q) { return e.purge(q); });
            }),
      watch(v, "tick", [self](const tick&) { run_next_job(self); }),
      watch(v, "status_query", [self](const status_query&) { return self->state.desk->status(); }),
  };
}

} // namespace qrwell
