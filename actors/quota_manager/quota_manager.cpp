#include "actors/quota_manager/quota_manager.hpp"

#include <algorithm>

namespace qrwell {
namespace {

using self_ptr = watched<quota_manager_actor, quota_manager_state>*;

quota_now now_of(self_ptr self) {
  return {mono_ms(self), self->state.wall()};
}

void carry_out(self_ptr self, quota_effects effects);

// Asks the store and takes the answer back to the core.
template <class Answer, class Message, class Back>
void ask_store(self_ptr self, Message&& message, Back back) {
  self->request(self->state.store, self->state.store_timeout, std::forward<Message>(message))
      .then([self, back](Answer& answer) { carry_out(self, back(caf::expected<Answer>{std::move(answer)})); },
            [self, back](caf::error& err) { carry_out(self, back(caf::expected<Answer>{std::move(err)})); });
}

template <class Answer>
caf::error error_of(const caf::expected<Answer>& answer) {
  return answer ? caf::error{} : answer.error();
}

template <class Answer>
void answer(self_ptr self, uint64_t no, Answer&& with) {
  auto i = self->state.open.extract(no);
  if (!i.empty()) i.mapped().deliver(std::forward<Answer>(with));
}

void arm(self_ptr self) {
  auto& s = self->state;
  auto now = now_of(self);
  auto next = std::max(s.core->next_ms(now), now.mono_ms + 1);
  if (next >= s.armed_ms) return;
  s.armed_ms = next;
  self->delayed_send(self, std::chrono::milliseconds(next - now.mono_ms), tick{});
}

void carry_out(self_ptr self, quota_effects effects) {
  auto* core = self->state.core.get();
  auto now = [self] { return now_of(self); };
  if (effects.take)
    ask_store<lease_view>(self, std::move(*effects.take), [=](auto a) { return core->took(std::move(a), now()); });
  if (effects.renew)
    ask_store<lease_view>(self, std::move(*effects.renew), [=](auto a) { return core->renewed(std::move(a), now()); });
  for (auto& m : effects.opens) {
    grant_key key{m.epoch, m.seq};
    ask_store<done>(self, std::move(m), [=](auto a) { return core->opened(key, error_of(a), now()); });
  }
  for (auto& m : effects.finds) {
    grant_key key{m.epoch, m.seq};
    ask_store<grant_found>(self, m, [=](auto a) { return core->found(key, std::move(a), now()); });
  }
  for (auto& m : effects.closes) {
    grant_key key{m.epoch, m.seq};
    ask_store<grant_closed>(self, std::move(m), [=](auto a) { return core->ended_row(key, std::move(a), now()); });
  }
  if (effects.drop) {
    std::vector<grant_key> rows;
    for (auto [epoch, seq] : effects.drop->grants) rows.push_back({epoch, seq});
    ask_store<done>(self, std::move(*effects.drop), [=](auto a) { return core->dropped(rows, error_of(a), now()); });
  }
  for (auto& [no, ticket] : effects.tickets) answer(self, no, std::move(ticket));
  for (auto& [no, result] : effects.closed) answer(self, no, std::move(result));
  for (auto& [no, err] : effects.refused) answer(self, no, std::move(err));
  self->state.lines->look(*core, now());
  arm(self);
}

// Keeps the promise of the request being handled, under a number.
template <class Answer>
std::pair<uint64_t, caf::typed_response_promise<Answer>> promise(self_ptr self) {
  auto p = self->make_response_promise<Answer>();
  auto no = ++self->state.requests;
  self->state.open.emplace(no, static_cast<caf::response_promise&>(p));
  return {no, p};
}

// The number of the actor that sent the present message; watched from its first one on.
uint64_t requester(self_ptr self) {
  const auto& sender = self->current_sender();
  if (!sender) return 0;
  auto& known = self->state.requesters;
  auto [i, is_new] = known.try_emplace(caf::actor_cast<caf::actor_addr>(sender), ++self->state.requests);
  if (is_new) self->monitor(sender);
  return i->second;
}

caf::typed_response_promise<grant_ticket> ask(self_ptr self, const grant_request& r) {
  auto who = requester(self); // before the promise takes the sender away
  auto [no, p] = promise<grant_ticket>(self);
  carry_out(self, self->state.core->asked(no, who, r, now_of(self)));
  return p;
}

caf::typed_response_promise<grant_closed> end(self_ptr self, const grant_close& c) {
  auto [no, p] = promise<grant_closed>(self);
  carry_out(self, self->state.core->close(no, c, now_of(self)));
  return p;
}

void on_tick(self_ptr self) {
  if (mono_ms(self) >= self->state.armed_ms) self->state.armed_ms = std::numeric_limits<int64_t>::max();
  carry_out(self, self->state.core->tick(now_of(self)));
}

void on_down(self_ptr self, const caf::down_msg& down) {
  auto gone = self->state.requesters.extract(down.source);
  if (!gone.empty()) carry_out(self, self->state.core->requester_down(gone.mapped(), now_of(self)));
}

void on_exit(self_ptr self, const caf::exit_msg& exit) {
  carry_out(self, self->state.core->shut_down());
  for (auto& [no, p] : std::exchange(self->state.open, {}))
    p.deliver(fail(ec::shutting_down, "this node is shutting down"));
  self->quit(exit.reason);
}

} // namespace

quota_manager_actor::behavior_type quota_manager(self_ptr self, vitals_ptr v, quota_manager_config cfg,
                                                 store_writer_actor store, quota_core::mint_fn mint, wall_clock wall) {
  self->set_vitals(v);
  auto& s = self->state;
  s.store = std::move(store);
  s.wall = std::move(wall);
  s.store_timeout = std::chrono::milliseconds(cfg.store_timeout_ms);
  s.lines.emplace(cfg.app);
  s.core = std::make_unique<quota_core>(std::move(cfg), std::move(mint));
  self->set_down_handler([self](caf::down_msg& m) { on_down(self, m); });
  self->set_exit_handler([self](caf::exit_msg& m) { on_exit(self, m); });
  carry_out(self, s.core->tick(now_of(self)));
  return {
      watch(v, "grant_request", [self](const grant_request& r) { return ask(self, r); }),
      watch(v, "units_sent",
            [self](const units_sent& m) { carry_out(self, self->state.core->began(m, now_of(self))); }),
      watch(v, "unit_ended",
            [self](const unit_ended& m) { carry_out(self, self->state.core->ended(m, now_of(self))); }),
      watch(v, "grant_close", [self](const grant_close& c) { return end(self, c); }),
      watch(v, "limit_reported",
            [self](const limit_reported& m) { carry_out(self, self->state.core->complained(m, now_of(self))); }),
      watch(v, "tick", [self](tick) { on_tick(self); }),
      watch(v, "status_query", [self](status_query) { return self->state.core->status(now_of(self)); }),
  };
}

} // namespace qrwell
