#include "actors/bulk_server/bulk_server.hpp"

#include "runtime/core/thread_priority.hpp"

#include "actors/bulk_server/bulk_answers.hpp"
#include "actors/bulk_server/list_request.hpp"
#include "actors/bulk_server/stats_request.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

using self_ptr = watched<bulk_server_actor, bulk_server_state>*;
using visit = http::visit<self_ptr>;
using visit_ptr = std::shared_ptr<visit>;

struct shell {
  self_ptr self;
  bulk_server_config cfg;
  wall_clock wall;
  store_reader_actor reader;
  store_writer_actor writer; // of the last uses of keys alone

  void serve(const http_batch& batch) const {
    auto sink = caf::actor_cast<answer_sink>(self->current_sender());
    for (const auto& request : batch.requests)
      serve(std::make_shared<visit>(self, sink, request, self->state.under_way));
  }

  void serve(const visit_ptr& v) const {
    if (self->state.under_way > cfg.under_way_max) {
      ++self->state.refused;
      return v->refuse(ec::overloaded, "too many lists and statistics are under way: try again", 1);
    }
    auto target = http::parse_target(v->request.target);
    if (!target) return v->refuse(target.error());
    if (target->segments != std::vector<std::string>{"v1", "codes"} &&
        target->segments != std::vector<std::string>{"v1", "stats"})
      return v->refuse(ec::not_found, "there is nothing under this path");
    self->state.keys->with_key(
        v->request.authorization, [this_ = *this, v, target = std::move(*target)](caf::expected<const api_key*> key) {
          if (!key) return v->refuse(key.error());
          if (!this_.self->state.keys->charge(**key, *v)) return;
          target.segments[1] == "codes" ? this_.list(v, target, **key) : this_.stats(v, target, **key);
        });
  }

  void list(const visit_ptr& v, const http::target& target, const api_key& key) const {
    auto asked = read_list(target, key);
    if (!asked) return v->refuse(asked.error());
    self->request(reader, std::chrono::milliseconds(cfg.store_timeout_ms), *asked)
        .then([this_ = *this, v, asked = *asked](const code_page& page) { this_.show(v, asked, page); },
              [this_ = *this, v](const caf::error& why) { this_.store_away(v, why); });
  }

  void show(const visit_ptr& v, const code_list& asked, const code_page& page) const {
    ++self->state.lists;
    v->json(200, list_json(asked, page, cfg.public_url));
  }

  void stats(const visit_ptr& v, const http::target& target, const api_key& key) const {
    auto asked = read_stats(target, key, wall());
    if (!asked) return v->refuse(asked.error());
    self->request(reader, std::chrono::milliseconds(cfg.store_timeout_ms), *asked)
        .then([this_ = *this, v, asked = *asked](const stats_rows& rows) { this_.show(v, asked, rows); },
              [this_ = *this, v](const caf::error& why) { this_.store_away(v, why); });
  }

  void show(const visit_ptr& v, const stats_query& asked, const stats_rows& rows) const {
    ++self->state.stats;
    v->json(200, stats_json(asked, rows));
  }

  void store_away(const visit_ptr& v, const caf::error& why) const {
    if (code_of(why) == ec::invalid_request) return v->refuse(why); // it would have to look at too much
    ++self->state.failed;
    v->refuse(code_of(why) == ec::overloaded ? ec::overloaded : ec::unavailable,
              "the store cannot answer this at the moment: try again, or ask for less", 1);
  }

  void on_tick() const {
    self->delayed_send(self, std::chrono::seconds(1), tick{});
    self->state.keys->refresh_if_due();
    self->state.keys->tell_used(writer);
  }

  actor_status status() const {
    const auto& st = self->state;
    boost::json::object facts{{"under_way", st.under_way},
                              {"lists", st.lists},
                              {"stats", st.stats},
                              {"refused", st.refused},
                              {"failed", st.failed}};
    return {"bulk_server", "bulk_server", "", boost::json::serialize(facts)};
  }
};

} // namespace

caf::error validate(const bulk_server_config& cfg) {
  if (cfg.under_way_max == 0 || cfg.store_timeout_ms == 0)
    return fail(ec::invalid_config, "bulk_server: limits must be at least 1");
  return {};
}

bulk_server_actor::behavior_type bulk_server(watched<bulk_server_actor, bulk_server_state>* self, vitals_ptr v,
                                             bulk_server_config cfg, wall_clock wall, store_reader_actor keys,
                                             store_reader_actor bulk, store_writer_actor writer) {
  if (cfg.gives_way) give_way();
  self->set_vitals(v);
  using keys_type = key_watch<self_ptr>;
  self->state.keys = std::make_unique<keys_type>(self, key_watch_config{}, wall, std::move(keys));
  shell sh{self, std::move(cfg), std::move(wall), std::move(bulk), std::move(writer)};
  self->send(self, tick{});
  return {
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "http_batch", [sh](const http_batch& batch) { sh.serve(batch); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
