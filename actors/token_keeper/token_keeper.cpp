#include "actors/token_keeper/token_keeper.hpp"

#include "runtime/core/clock.hpp"
#include "runtime/wechat/calls.hpp"

#include <boost/json.hpp>

namespace qrwell {
namespace {

using self_ptr = watched<token_keeper_actor, token_keeper_state>*;

// The engine ends every call at its time-out; one that it does not is given up so much later.
constexpr int64_t engine_grace_ms = 2'000;

void start_call(self_ptr self) {
  auto& st = self->state;
  auto host = st.host;
  st.hosts_asked = static_cast<wechat::host_list::host_set>(st.hosts_asked | 1u << host);
  auto call = wechat::token_call(st.hosts->address(host), st.cfg.appid, st.cfg.app_secret, st.forced);
  call.timeout_for_ms = st.cfg.call_timeout_ms;
  call.connect_timeout_for_ms = st.cfg.connect_timeout_ms;
  st.call_until_ms = mono_ms(self) + st.cfg.call_timeout_ms + engine_grace_ms;
  auto me = caf::actor_cast<token_keeper_actor>(self);
  st.transport->start(std::move(call), [me, number = ++st.call](http_outcome how) {
    caf::anon_send(me, call_ended{number, std::move(how)});
  });
}

void fetch(self_ptr self, bool force) {
  auto& st = self->state;
  st.forced = force;
  st.hosts_asked = 0;
  // The book paces the calls already: if all hosts are known to fail, one is asked all the same, and heard.
  st.host = st.hosts->pick(mono_ms(self)).value_or(0);
  start_call(self);
}

// Asking for the present token twice changes nothing; forcing a new one twice would spend two of WeChat's 20 a day, so
// that is asked of another host only if the first surely never heard of it.
bool ask_next_host(self_ptr self, const http_outcome& how, const std::string& why, int64_t now_ms) {
  auto& st = self->state;
  if (st.forced && !wechat::surely_unheard(how)) return false;
  auto next = st.hosts->pick(now_ms, st.hosts_asked);
  if (!next) return false;
  st.lines.moved(st.cfg.app, st.hosts->address(st.host), st.hosts->address(*next), why, now_ms);
  st.host = *next;
  start_call(self);
  return true;
}

void act(self_ptr self, token_work work) {
  auto& st = self->state;
  for (auto& [ticket, answer] : work.answers)
    if (auto node = st.asking.extract(ticket)) {
      if (answer)
        node.mapped().deliver(std::move(*answer));
      else
        node.mapped().deliver(std::move(answer.error()));
    }
  for (auto& [ticket, err] : work.forced)
    if (auto node = st.forcing.extract(ticket)) {
      if (err)
        node.mapped().deliver(std::move(err));
      else
        node.mapped().deliver(done{});
    }
  if (work.fetch) fetch(self, *work.fetch);
}

caf::typed_response_promise<access_token> ask(self_ptr self) {
  auto& st = self->state;
  auto promise = self->make_response_promise<access_token>();
  st.asking.emplace(++st.tickets, promise);
  act(self, st.book->ask(st.tickets, mono_ms(self)));
  return promise;
}

caf::typed_response_promise<done> force(self_ptr self, const token_refresh& order) {
  auto& st = self->state;
  st.lines.forced(st.cfg.app, order.actor);
  auto promise = self->make_response_promise<done>();
  st.forcing.emplace(++st.tickets, promise);
  act(self, st.book->force(st.tickets, mono_ms(self)));
  return promise;
}

void ended(self_ptr self, const call_ended& x) {
  auto& st = self->state;
  if (x.call != st.call || st.call_until_ms == 0) return; // given up before
  st.call_until_ms = 0;
  auto answer = wechat::read_token(x.how);
  auto now = mono_ms(self);
  if (x.how.curl == -1) {
    st.hosts->abandoned(st.host);
  } else if (answer.end == wechat::token_end::failed || wechat::explain(answer.errcode).kind == wechat::refusal::busy) {
    auto why =
        answer.end == wechat::token_end::refused ? wechat::describe(answer.errcode, answer.detail) : answer.detail;
    st.hosts->failed(st.host, wechat::failure_of(x.how), why, now);
    if (ask_next_host(self, x.how, why, now)) return;
  } else {
    st.hosts->succeeded(st.host);
  }
  auto host = st.hosts->address(st.host);
  act(self, st.book->fetched(answer, now));
  st.lines.look(st.cfg.app, host, *st.book, now);
}

void refused(self_ptr self, const token_refused& x) {
  auto& st = self->state;
  auto now = mono_ms(self);
  auto work = st.book->refused(x.version, x.errcode, now);
  st.lines.look(st.cfg.app, {}, *st.book, now);
  act(self, std::move(work));
}

void on_tick(self_ptr self) {
  self->delayed_send(self, std::chrono::milliseconds(self->state.cfg.tick_ms), tick{});
  auto& st = self->state;
  if (st.call_until_ms != 0 && mono_ms(self) >= st.call_until_ms) {
    call_ended silent{st.call, {}};
    silent.how.curl = 28; // CURLE_OPERATION_TIMEDOUT
    silent.how.detail = "the engine never said how the call ended";
    ended(self, silent);
  }
  act(self, st.book->tick(mono_ms(self)));
}

actor_status status(self_ptr self) {
  auto& st = self->state;
  auto now = mono_ms(self);
  auto f = st.book->look(now);
  boost::json::object facts{{"app", st.cfg.app},
                            {"has_token", f.has_token},
                            {"age_s", f.age_s},
                            {"expires_in_s", f.expires_in_s},
                            {"next_fetch_in_s", f.next_fetch_in_s},
                            {"refreshes", f.refreshes},
                            {"failures", f.failures},
                            {"refused", f.refused},
                            {"foreign_manager", f.foreign_manager},
                            {"forced_left", f.forced_left},
                            {"host", st.hosts->address(st.hosts->used(now))},
                            {"hosts", wechat::hosts_json(*st.hosts, now)},
                            {"last_error", f.last_error}};
  return {"token_keeper", st.cfg.app, st.book->problem(now), boost::json::serialize(facts)};
}

} // namespace

caf::error validate(const token_keeper_config& cfg) {
  if (cfg.app.empty() || cfg.appid.empty()) return fail(ec::invalid_config, "apps: name and appid must not be empty");
  if (cfg.app_secret.empty())
    return fail(ec::invalid_config, "apps." + cfg.app + ": the AppSecret is empty: set secret_file");
  if (cfg.call_timeout_ms == 0 || cfg.tick_ms == 0 || cfg.book.waiting_for_ms == 0)
    return fail(ec::invalid_config, "token_keeper: times must be at least 1 ms");
  return wechat::validate_hosts(cfg.hosts);
}

token_keeper_actor::behavior_type token_keeper(self_ptr self, vitals_ptr v, token_keeper_config cfg,
                                               std::shared_ptr<wechat::wechat_transport> transport) {
  self->set_vitals(v);
  auto& st = self->state;
  // One failure is enough to leave a host for another, and one success to trust it: more in a row, as for codes, would
  // take hours at the pace of token calls.
  st.hosts.emplace(cfg.hosts, wechat::breaker_config{1, 30'000, 300'000, 1}, cfg.book.seed);
  st.book.emplace(cfg.book);
  st.cfg = std::move(cfg);
  st.transport = std::move(transport);
  self->set_exit_handler([self](caf::exit_msg& x) {
    act(self, self->state.book->shut_down());
    self->quit(x.reason);
  });
  self->send(self, tick{});
  return {
      watch(v, "token_query", [self](token_query) { return ask(self); }),
      watch(v, "token_refused", [self](const token_refused& x) { refused(self, x); }),
      watch(v, "token_refresh", [self](const token_refresh& order) { return force(self, order); }),
      watch(v, "call_ended", [self](const call_ended& x) { ended(self, x); }),
      watch(v, "tick", [self](tick) { on_tick(self); }),
      watch(v, "status_query", [self](status_query) { return status(self); }),
  };
}

} // namespace qrwell
