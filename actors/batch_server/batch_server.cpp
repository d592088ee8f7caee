#include "actors/batch_server/batch_server.hpp"

#include "runtime/codes/issue_request.hpp"
#include "runtime/http/json.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

using self_pointer = watched<batch_server_actor, batch_server_state>*;
using visit = http::visit<self_pointer>;
using visit_ptr = std::shared_ptr<visit>;
using body_ptr = std::shared_ptr<std::string>;

struct shell {
  self_pointer self;
  batch_server_config cfg;
  wall_clock wall;
  request_server_actor requests;

  uint32_t number_of(const answer_sink& sink) const {
    auto& sinks = self->state.sinks;
    for (size_t i = 0; i < sinks.size(); ++i)
      if (sinks[i] == sink) return static_cast<uint32_t>(i);
    sinks.push_back(sink);
    return static_cast<uint32_t>(sinks.size() - 1);
  }

  void serve(http_batch& batch) const {
    auto sink = caf::actor_cast<answer_sink>(self->current_sender());
    for (auto& request : batch.requests) {
      // The body goes its own way: it is not needed any more when the batch is read, and may be large.
      auto body = std::make_shared<std::string>(std::move(request.body));
      serve(std::make_shared<visit>(self, sink, std::move(request), self->state.under_way), body);
    }
  }

  void serve(const visit_ptr& v, const body_ptr& body) const {
    if (!has_room()) return refuse_full(v);
    self->state.keys->with_key(v->request.authorization, [this_ = *this, v, body](caf::expected<const api_key*> key) {
      this_.admit(v, body, key);
    });
  }

  // Who waits for the keys counts too: each holds its body. But not the few whose keys nobody knows: while the store is
  // away they would keep out everybody else.
  bool has_room() const {
    const auto& st = self->state;
    return st.desk->batches() + st.under_way - st.keys->unknown_waiting() <= cfg.batches_max && !st.desk->full();
  }

  void refuse_full(const visit_ptr& v) const {
    ++self->state.refused;
    v->refuse(ec::overloaded, "Too many batches are under way. Try again, or send fewer at once.", 1);
  }

  void admit(const visit_ptr& v, const body_ptr& body, const caf::expected<const api_key*>& key) const {
    auto refuse = [&](const caf::error& why) {
      ++self->state.refused;
      v->refuse(why);
    };
    if (!key) return refuse(key.error());
    if (!self->state.keys->charge(**key, *v)) {
      ++self->state.refused;
      return;
    }
    if (auto err = permit_scope(**key, scope_issue)) return refuse(err);
    if (!http::is_json_type(v->request.content_type)) {
      ++self->state.refused;
      return v->refuse(http::problem_not_json());
    }
    if (v->request.idempotency_key_sent)
      if (auto err = check_idempotency_key(v->request.idempotency_key)) return refuse(err);
    if (self->state.desk->full()) return refuse_full(v);
    auto items = read_batch(*body, v->request.idempotency_key, cfg.items_max, wall(), cfg.target);
    if (!items) return refuse(items.error());
    if (auto why = self->state.desk->check_key(**key, items->size())) {
      ++self->state.refused;
      return v->refuse(*why);
    }
    v->hand_over();
    self->state.desk->begin({number_of(v->sink()), v->request.at, v->request.request_id, v->said(), v->timed()}, **key,
                            std::move(*items), mono_ms(self));
    perform();
  }

  void ended(issue_results& results) const {
    self->state.desk->ended(results, mono_ms(self), wall());
    perform();
  }

  void on_tick() const {
    self->state.keys->refresh_if_due();
    self->state.desk->tick(mono_ms(self));
    perform();
    auto next_ms = self->state.desk->busy() ? cfg.busy_tick_ms : cfg.tick_ms;
    self->delayed_send(self, std::chrono::milliseconds(next_ms), tick{});
  }

  void perform() const {
    auto& desk = *self->state.desk;
    for (auto slice = desk.take_slice(mono_ms(self)); !slice.items.empty(); slice = desk.take_slice(mono_ms(self)))
      self->send(requests, std::move(slice));
    for (auto& done : desk.take_answers()) {
      http::answer_writer out;
      out.set_lines(done.to.lines, done.to.timed);
      out.add(done.to.at, 200, "application/json", done.body, done.to.request_id, {{"Cache-Control", "no-store"}});
      self->send(self->state.sinks[done.to.sink], out.take());
    }
  }

  actor_status status() const {
    const auto& st = self->state;
    const auto& n = st.desk->totals();
    return {"batch_server", "batch_server", "",
            fmt::format(R"({{"under_way":{},"items_under_way":{},"batches":{},"items":{},"issued":{},"replayed":{},)"
                        R"("reused":{},"refused_items":{},"unknown":{},"refused":{}}})",
                        st.desk->batches(), st.desk->under_way(), n.batches, n.items, n.issued, n.replayed, n.reused,
                        n.refused, n.unknown, st.refused)};
  }
};

} // namespace

batch_server_actor::behavior_type batch_server(self_pointer self, vitals_ptr v, batch_server_config cfg,
                                               wall_clock wall, store_reader_actor reader,
                                               request_server_actor requests) {
  self->set_vitals(v);
  self->state.desk.emplace(cfg);
  self->state.keys = std::make_unique<key_watch<self_pointer>>(self, key_watch_config{}, wall, std::move(reader));
  shell sh{self, std::move(cfg), std::move(wall), std::move(requests)};
  self->send(self, tick{});
  return {
      watch(v, "issue_results", [sh](issue_results& x) { sh.ended(x); }),
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "http_batch", [sh](http_batch& x) { sh.serve(x); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
