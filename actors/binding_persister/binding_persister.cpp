#include "actors/binding_persister/binding_persister.hpp"

#include "runtime/core/clock.hpp"

namespace qrwell {
namespace {

using self_pointer = watched<binding_persister_actor, binding_persister_state>*;
using std::chrono::milliseconds;

const log::voice voice{"binding_persister"};

uint32_t client_of(self_pointer self) {
  auto& clients = self->state.clients;
  auto sender = caf::actor_cast<bind_client>(self->current_sender());
  for (size_t i = 0; i < clients.size(); ++i)
    if (clients[i] == sender) return static_cast<uint32_t>(i);
  clients.push_back(std::move(sender));
  return static_cast<uint32_t>(clients.size() - 1);
}

// Only the store itself can say that nothing happened. A time-out, or a store actor that died, says nothing of the
// kind.
caf::error outcome_of(const caf::error& err) {
  if (err.category() == caf::atom("qrwell")) return err;
  return fail(ec::outcome_unknown, "the store did not answer: " + render(err));
}

void perform(self_pointer self);

// Told when they begin and when they end: each of these means that clients hear 503, or do not know what they have.
void write_down(self_pointer self) {
  auto& s = self->state;
  const auto& g = *s.groups;
  s.failing.tell(voice, "transactions fail", g.last_error(), mono_ms(self));
  auto unknown = g.quarantined();
  if (unknown > 0 && s.quarantined == 0)
    voice.error("outcome_unknown: binds are in quarantine until the store says what became of them",
                {{"binds", unknown}, {"why", g.last_error()}});
  if (unknown == 0 && s.quarantined > 0) voice.info("the store said what became of all binds in quarantine");
  s.quarantined = unknown;
}

template <class F>
void step(self_pointer self, F f) {
  f(*self->state.groups, mono_ms(self));
  perform(self);
  write_down(self);
}

void committed(self_pointer self, std::chrono::steady_clock::time_point sent, size_t bindings) {
  auto& s = self->state;
  if (s.cfg.on_commit && bindings > 0)
    s.cfg.on_commit(std::chrono::duration<double>(self->clock().now() - sent).count(), bindings);
}

void apply(self_pointer self, const bind_limits& limits) {
  auto& s = self->state;
  s.cfg.db_timeout_ms = limits.db_timeout_ms;
  s.groups->set_limits(limits);
}

// The next group is at the store before the answers of the last one are sent.
void perform(self_pointer self) {
  auto& s = self->state;
  auto wanted = s.groups->take(mono_ms(self));
  auto timeout = milliseconds(s.cfg.db_timeout_ms);
  if (wanted.group)
    self->request(s.store, timeout, std::move(*wanted.group))
        .then(
            [=, sent = self->clock().now()](bind_group_result& r) {
              committed(self, sent, r.results.size());
              step(self, [&](auto& g, int64_t now) { g.group_ended(std::move(r), now); });
            },
            [=](caf::error& e) { step(self, [&](auto& g, int64_t now) { g.group_ended(outcome_of(e), now); }); });
  if (wanted.resolve)
    self->request(s.store, timeout, std::move(*wanted.resolve))
        .then(
            [=](bind_group_result& r) {
              step(self, [&](auto& g, int64_t now) { g.resolve_ended(std::move(r), now); });
            },
            [=](caf::error& e) { step(self, [&](auto& g, int64_t now) { g.resolve_ended(outcome_of(e), now); }); });
  for (auto& [client, results] : wanted.results) self->send(s.clients[client], std::move(results));
  for (auto& [client, claim] : wanted.claims) self->send(s.clients[client], std::move(claim));
}

} // namespace

binding_persister_actor::behavior_type binding_persister(self_pointer self, vitals_ptr v, binding_persister_config cfg,
                                                         store_writer_actor store) {
  self->set_vitals(v);
  self->state.cfg = std::move(cfg);
  self->state.groups.emplace(self->state.cfg);
  self->state.store = std::move(store);
  self->send(self, tick{});
  return {
      watch(v, "bind_batch",
            [self](bind_batch& x) { step(self, [&](auto& g, int64_t now) { g.add(client_of(self), x, now); }); }),
      watch(v, "claim_request",
            [self](const claim_request& x) { step(self, [&](auto& g, int64_t) { g.add(client_of(self), x); }); }),
      watch(v, "lots_done", [self](const lots_done& x) { step(self, [&](auto& g, int64_t) { g.add(x); }); }),
      watch(v, "bind_limits", [self](const bind_limits& x) { apply(self, x); }),
      watch(v, "tick",
            [self](tick) {
              self->delayed_send(self, milliseconds(self->state.cfg.tick_ms), tick{});
              step(self, [](auto& g, int64_t now) { g.tick(now); });
            }),
      watch(v, "status_query", [self](status_query) { return self->state.groups->status(); }),
  };
}

} // namespace qrwell
