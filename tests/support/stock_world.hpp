#pragma once

#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "tests/support/det_fixture.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace qrwell::test {

/// What a stocker talks to, as actors that answer at once from one shared state and write down what they got. Handlers
/// that a stocker has no business with answer an error.
struct stock_world {
  stock_levels levels;
  uint64_t free_bytes = 1ull << 40;
  uint64_t next_seq = 0, next_id = 0;
  bool hold_fetches = false, store_silent = false;
  std::function<fetched_code(const fetch_code&)> fetch;

  std::vector<grant_request> grants;
  std::vector<grant_close> closes;
  std::vector<pool_pause> pauses;
  std::vector<limit_reported> limits;
  std::map<std::string, bytes> images;
  std::deque<std::function<void()>> held; ///< answers of fetches; a tick to the fetcher sends them
  std::vector<pool_state> states;
  std::map<uint64_t, uint32_t> sent, ended;
  bool sent_before_fetch = true;
  uint32_t fetches = 0;
};

using world_ptr = std::shared_ptr<stock_world>;

template <class T>
caf::result<T> not_here() {
  return fail(ec::internal, "a stocker has no business with this");
}

inline quota_manager_actor::behavior_type fake_quota(quota_manager_actor::pointer, world_ptr w) {
  return {
      [w](const grant_request& r) -> caf::result<grant_ticket> {
        w->grants.push_back(r);
        grant_ticket t{1, 5, ++w->next_seq, r.carry, 0};
        while (t.ids.size() < r.want) t.ids.push_back("id" + std::to_string(++w->next_id));
        return t;
      },
      [w](const units_sent& s) { w->sent[s.seq] += s.count; },
      [w](const unit_ended& e) { ++w->ended[e.seq]; },
      [w](const grant_close& c) -> caf::result<grant_closed> {
        w->closes.push_back(c);
        grant_closed out;
        auto& level = w->levels.levels.at(0);
        if (c.holder.empty()) {
          level.ready_codes += c.stocked.size();
        } else {
          claimed_lot lot{c.seq, c.gen_id, {}};
          for (const auto& code : c.stocked) lot.ids.push_back(code.id);
          level.held_codes += c.stocked.size();
          out.lots.push_back(std::move(lot));
        }
        return out;
      },
      [w](const limit_reported& l) { w->limits.push_back(l); },
      [](tick) {},
      [](status_query) { return actor_status{}; },
  };
}

inline wechat_fetcher_actor::behavior_type fake_fetcher(wechat_fetcher_actor::pointer self, world_ptr w) {
  return {
      [self, w](const fetch_code& f) -> caf::result<fetched_code> {
        ++w->fetches;
        auto promise = self->make_response_promise<fetched_code>();
        w->held.push_back([promise, f, w]() mutable { promise.deliver(w->fetch(f)); });
        if (!w->hold_fetches) {
          w->held.back()();
          w->held.pop_back();
        }
        return promise;
      },
      [](const call_ended&) {},
      [w](tick) { // a promise may be fulfilled by its own actor only
        for (auto held = std::exchange(w->held, {}); auto& answer : held) answer();
      },
      [](status_query) { return actor_status{}; },
  };
}

inline store_reader_actor::behavior_type fake_reader(store_reader_actor::pointer self, world_ptr w) {
  return {
      [](const scene_query&) { return not_here<scene_answer>(); },
      [](const code_query&) { return not_here<code_record>(); },
      [](keys_query) { return not_here<keys_snapshot>(); },
      [self, w](const levels_query&) -> caf::result<stock_levels> {
        if (w->store_silent) return self->make_response_promise<stock_levels>();
        return w->levels;
      },
      [](identity_query) { return not_here<store_identity>(); },
      [](mac_keys_query) { return not_here<foreign_keys>(); },
      [](const bind_recall&) { return not_here<bind_group_result>(); },
      [](const code_list&) { return not_here<code_page>(); },
      [](const stats_query&) { return not_here<stats_rows>(); },
      [](const audit_query&) { return not_here<audit_entries>(); },
      [](const jobs_query&) { return not_here<jobs_found>(); },
      [](verify_query) { return not_here<verify_report>(); },
      [](tick) {},
      [](status_query) { return actor_status{}; },
  };
}

inline store_writer_actor::behavior_type fake_writer(store_writer_actor::pointer, world_ptr w) {
  return {
      [](const bind_group&) { return not_here<bind_group_result>(); },
      [](const bind_resolve&) { return not_here<bind_group_result>(); },
      [](const code_change&) { return not_here<code_changed>(); },
      [](const codes_kill&) { return not_here<affected>(); },
      [w](const pool_pause& p) -> caf::result<pool_row> {
        w->pauses.push_back(p);
        w->levels.pool.paused = p.paused;
        w->levels.pool.pause_reason = p.reason;
        return w->levels.pool;
      },
      [](const key_add&) { return not_here<api_key>(); },
      [](const key_rotate&) { return not_here<api_key>(); },
      [](const key_revoke&) { return not_here<api_key>(); },
      [](const foreign_keys&) { return not_here<done>(); },
      [](const audit_put&) { return not_here<done>(); },
      [](const lease_take&) { return not_here<lease_view>(); },
      [](const lease_renew&) { return not_here<lease_view>(); },
      [](const grant_open&) { return not_here<done>(); },
      [](const grant_find&) { return not_here<grant_found>(); },
      [](const grant_close&) { return not_here<grant_closed>(); },
      [](const grants_drop&) { return not_here<done>(); },
      [](const lots_seal&) -> caf::result<affected> { return affected{}; },
      [](const lots_give_back&) { return not_here<affected>(); },
      [](const age_out&) -> caf::result<affected> { return affected{}; },
      [](const scans_seen&) { return not_here<done>(); },
      [](const keys_used&) { return not_here<done>(); },
      [](const import_rows&) { return not_here<import_result>(); },
      [](const job_put&) { return not_here<job>(); },
      [](const jobs_drop&) { return not_here<affected>(); },
      [](const store_purge&) { return not_here<affected>(); },
      [](tick) {},
      [](status_query) { return actor_status{}; },
  };
}

inline image_worker_actor::behavior_type fake_images(image_worker_actor::pointer, world_ptr w) {
  return {
      [w](const images_put& p) -> caf::result<done> {
        for (const auto& image : p.images) w->images[image.id] = image.data;
        return done{};
      },
      [](const image_get&) { return not_here<image_data>(); },
      [w](const images_drop& d) -> caf::result<done> {
        for (const auto& id : d.ids) w->images.erase(id);
        return done{};
      },
      [w](space_query) -> caf::result<free_space> { return free_space{w->free_bytes}; },
      [](tick) {},
      [](status_query) { return actor_status{}; },
  };
}

} // namespace qrwell::test
