#include "actors/wechat_fetcher/wechat_fetcher.hpp"

#include "runtime/core/clock.hpp"

namespace qrwell {
namespace {

using self_ptr = watched<wechat_fetcher_actor, wechat_fetcher_state>*;

const log::voice voice{"wechat_fetcher"};

void act(self_ptr self, fetch_work work);

// After whatever may change what is known of WeChat's hosts.
void write_down(self_ptr self) {
  auto& st = self->state;
  const auto& app = st.cfg.desk.app;
  st.refusals.tell(voice, "WeChat refuses calls", st.desk->refusal(), mono_ms(self), {{"app", app}});
  auto now = st.desk->hosts().healthy();
  auto before = std::exchange(st.host, now);
  if (now == before) return;
  if (!now)
    voice.error("breaker open: calls to WeChat fail on every host and are held back",
                {{"app", app}, {"why", st.desk->last_error()}});
  else if (!before)
    voice.info("breaker closed: WeChat answers again", {{"app", app}, {"host", st.desk->hosts().address(*now)}});
  else
    voice.warn("calls go to another host of WeChat", {{"app", app},
                                                      {"from", st.desk->hosts().address(*before)},
                                                      {"to", st.desk->hosts().address(*now)},
                                                      {"why", st.desk->hosts().why(*before)}});
}

void on_ended(self_ptr self, call_ended& x) {
  act(self, self->state.desk->ended(x.call, std::move(x.how), mono_ms(self)));
  write_down(self);
}

void ask_token(self_ptr self) {
  auto& st = self->state;
  self->request(st.keeper, std::chrono::milliseconds(st.cfg.token_timeout_ms), token_query{})
      .then([self](const access_token& present) { act(self, self->state.desk->token(present, mono_ms(self))); },
            [self](const caf::error& err) {
              auto why = sentence_of(err);
              act(self, self->state.desk->no_token(why.empty() ? render(err) : why, mono_ms(self)));
            });
}

void act(self_ptr self, fetch_work work) {
  auto& st = self->state;
  if (work.tell_refused) self->send(st.keeper, *work.tell_refused);
  for (auto& [ticket, code] : work.answers)
    if (auto node = st.asking.extract(ticket)) node.mapped().deliver(std::move(code));
  auto me = caf::actor_cast<wechat_fetcher_actor>(self);
  for (auto& [number, call] : work.calls)
    st.transport->start(std::move(call), [me, number = number](http_outcome how) {
      caf::anon_send(me, call_ended{number, std::move(how)});
    });
  if (work.ask_token) ask_token(self);
}

caf::typed_response_promise<fetched_code> fetch(self_ptr self, const fetch_code& what) {
  auto& st = self->state;
  auto promise = self->make_response_promise<fetched_code>();
  st.asking.emplace(++st.tickets, promise);
  act(self, st.desk->take(st.tickets, what, mono_ms(self)));
  return promise;
}

void on_tick(self_ptr self) {
  auto& st = self->state;
  act(self, st.desk->tick(mono_ms(self)));
  write_down(self);
  self->delayed_send(self, std::chrono::milliseconds(st.desk->idle() ? st.cfg.idle_tick_ms : st.cfg.tick_ms), tick{});
}

actor_status status(self_ptr self) {
  auto& st = self->state;
  auto now = mono_ms(self);
  return {"wechat_fetcher", st.cfg.desk.app, st.desk->problem(now), st.desk->facts(now)};
}

} // namespace

caf::error validate(const wechat_fetcher_config& cfg) {
  if (cfg.token_timeout_ms == 0 || cfg.tick_ms == 0 || cfg.idle_tick_ms == 0)
    return fail(ec::invalid_config, "wechat_fetcher: times must be at least 1 ms");
  return validate(cfg.desk);
}

wechat_fetcher_actor::behavior_type wechat_fetcher(self_ptr self, vitals_ptr v, wechat_fetcher_config cfg,
                                                   token_keeper_actor keeper,
                                                   std::shared_ptr<wechat::wechat_transport> transport) {
  self->set_vitals(v);
  auto& st = self->state;
  st.desk.emplace(cfg.desk);
  st.cfg = std::move(cfg);
  st.keeper = std::move(keeper);
  st.transport = std::move(transport);
  self->set_exit_handler([self](caf::exit_msg& x) {
    act(self, self->state.desk->shut_down());
    self->quit(x.reason);
  });
  self->send(self, tick{});
  return {
      watch(v, "fetch_code", [self](const fetch_code& x) { return fetch(self, x); }),
      watch(v, "call_ended", [self](call_ended& x) { on_ended(self, x); }),
      watch(v, "tick", [self](tick) { on_tick(self); }),
      watch(v, "status_query", [self](status_query) { return status(self); }),
  };
}

} // namespace qrwell
