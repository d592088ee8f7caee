#include "actors/scan_server/scan_server.hpp"

#include "messages/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

const log::voice voice{"scan_server"};

/// What the handlers share: the way from effects to messages.
struct shell {
  watched<scan_server_actor, scan_server_state>* self;
  wall_clock wall;
  store_reader_actor reader;
  scan_recorder_actor recorder;

  scene_desk::sink_id sink_of_sender() const {
    auto sink = caf::actor_cast<answer_sink>(self->current_sender());
    auto& sinks = self->state.sinks;
    for (size_t i = 0; i < sinks.size(); ++i)
      if (sinks[i] == sink) return static_cast<scene_desk::sink_id>(i);
    sinks.push_back(sink);
    return static_cast<scene_desk::sink_id>(sinks.size() - 1);
  }

  void carry_out(scene_desk::effects fx) const {
    if (!fx.ask.ids.empty()) look_up(std::move(fx.ask));
    for (auto& [sink, hot] : fx.hot) self->send(self->state.sinks[sink], std::move(hot));
    for (auto& [sink, answers] : fx.answers) self->send(self->state.sinks[sink], std::move(answers));
    if (!fx.seen.scans.empty()) self->send(recorder, std::move(fx.seen));
  }

  void look_up(scene_query asked) const {
    auto& desk = *self->state.desk;
    self->request(reader, std::chrono::milliseconds(self->state.store_timeout_ms), asked)
        .then(
            [this_ = *this, asked, &desk](const scene_answer& found) {
              this_.carry_out(desk.resolved(asked, found, this_.wall()));
              this_.write_down();
            },
            [this_ = *this, asked, &desk](const caf::error& why) {
              this_.carry_out(desk.not_resolved(asked, why, this_.wall()));
              this_.write_down();
            });
  }

  // Until it answers, ids that look forged are asked of it one by one.
  void ask_for_keys() const {
    self->request(reader, std::chrono::milliseconds(self->state.store_timeout_ms), mac_keys_query{})
        .then([this_ = *this](const foreign_keys& known) { this_.self->state.desk->learn_keys(known); },
              [this_ = *this](const caf::error&) {
                this_.self->delayed_send(this_.self, std::chrono::seconds(1), tick{});
              });
  }

  void on_tick() const {
    if (!self->state.desk->keys_known()) ask_for_keys();
  }

  void write_down() const {
    self->state.store_trouble.tell(voice, "scans that are not in memory are answered 503",
                                   self->state.desk->store_problem(), mono_ms(self));
  }

  void apply(const scan_limits& limits) const {
    self->state.store_timeout_ms = limits.store_timeout_ms;
    self->state.desk->set_cache_entries_max(limits.cache_entries_max);
  }

  void serve(const http_batch& batch) const {
    carry_out(self->state.desk->serve(sink_of_sender(), batch, mono_ms(self), wall()));
  }

  void forget(const scenes_changed& changed) const {
    self->state.desk->forget(changed);
    for (const auto& sink : self->state.sinks) self->send(sink, changed);
  }

  actor_status status() const {
    const auto& desk = *self->state.desk;
    const auto& n = desk.totals();
    boost::json::object facts{{"scans", n.scans},          {"cache_hits", n.hits},    {"looked_up", n.looked_up},
                              {"unknown", n.unknown},      {"forged", n.forged},      {"revoked", n.revoked},
                              {"expired", n.expired},      {"refused", n.refused},    {"failed", n.failed},
                              {"waiting", desk.waiting()}, {"cached", desk.cached()}, {"stale", n.stale}};
    return {"scan_server", "scan_server", desk.store_problem(), boost::json::serialize(facts)};
  }
};

} // namespace

scan_server_actor::behavior_type scan_server(watched<scan_server_actor, scan_server_state>* self, vitals_ptr v,
                                             scan_server_config cfg, std::shared_ptr<const mac_keys> keys,
                                             wall_clock wall, store_reader_actor reader, scan_recorder_actor recorder) {
  self->set_vitals(v);
  self->state.desk.emplace(cfg, std::move(keys));
  self->state.store_timeout_ms = cfg.store_timeout_ms;
  shell sh{self, std::move(wall), std::move(reader), std::move(recorder)};
  self->state.desk->wait_for_keys();
  sh.ask_for_keys();
  return {
      watch(v, "scenes_changed", [sh](const scenes_changed& changed) { sh.forget(changed); }),
      watch(v, "scan_limits", [sh](const scan_limits& limits) { sh.apply(limits); }),
      watch(v, "foreign_ids", [sh](const foreign_ids& x) { sh.self->state.desk->ask_store_for(x.key_chars); }),
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "http_batch", [sh](const http_batch& batch) { sh.serve(batch); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
