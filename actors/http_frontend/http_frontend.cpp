#include "actors/http_frontend/http_frontend.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <random>

namespace qrwell {
namespace {

using caf::io::acceptor_passivated_msg;
using caf::io::connection_closed_msg;
using caf::io::connection_passivated_msg;
using caf::io::data_transferred_msg;
using caf::io::new_connection_msg;
using caf::io::new_data_msg;

const log::voice voice{"http_frontend"};

int fd_of(caf::io::connection_handle h) {
  return static_cast<int>(h.id());
}

// Five characters that no other process of ours is likely to have: with ten of a counter, an id stays within a string's
// own 15 bytes.
std::string id_prefix() {
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::random_device source;
  std::string out;
  for (int i = 0; i < 5; ++i) out += digits[source() % 32];
  return out;
}

void send_batches(http_frontend_actor* self) {
  auto& st = self->state;
  st.round_sent = false;
  auto batches = st.table->take_batches();
  auto give = [&](http::request_class cls, const http_service& to) {
    auto& batch = batches[static_cast<size_t>(cls)];
    if (!batch.requests.empty()) self->send(to, std::move(batch));
  };
  give(http::request_class::scan, st.services.scan);
  give(http::request_class::issue, st.services.issue);
  give(http::request_class::batch, st.services.batch);
  give(http::request_class::code, st.services.code);
  give(http::request_class::bulk, st.services.bulk);
  give(http::request_class::transfer, st.services.transfer);
  give(http::request_class::admin, st.services.admin);
}

void send_counts(http_frontend_actor* self) {
  auto& st = self->state;
  auto counts = st.table->hot().take_counts();
  if (!counts.empty() && st.recorder) self->send(st.recorder, scans_seen{std::move(counts)});
}

void look_at_crowd(http_frontend_state& st) {
  auto before = std::exchange(st.turned_away, st.counters->turned_away.load());
  st.crowded = st.turned_away > before;
  st.starves = std::exchange(st.starved, false);
}

// The end of every handler: what the table decided becomes messages.
void after(http_frontend_actor* self) {
  auto& st = self->state;
  if (st.table->has_batches() && !std::exchange(st.round_sent, true)) self->send(self, frontend_round{});
  if (st.table->hot().counts_due()) send_counts(self);
  if (st.door) st.door->accepting(st.table->accepting());
  if (st.stopping && st.table->open() == 0) self->quit();
}

// No after(), which would accept again, unless there is hope.
void on_standstill(http_frontend_actor* self) {
  self->state.starved = true;
  if (self->state.table->free_descriptors(mono_ms(self))) after(self);
}

void stop(http_frontend_actor* self) {
  auto& st = self->state;
  if (std::exchange(st.stopping, true)) return;
  if (st.door) std::exchange(st.door, nullptr)->graceful_shutdown();
  st.table->stop(mono_ms(self), st.wall());
}

std::string problem_of(const http_frontend_state& st) {
  if (st.stopping) return "stopping: it takes no more connections";
  if (st.starves) return "the process has no descriptor left for a new client: raise ulimit -n";
  return st.crowded ? "connections_max is reached and none is idle: new clients are answered 503" : "";
}

actor_status status_of(const http_frontend_state& st) {
  const auto& n = *st.counters;
  boost::json::object facts, in_flight, requests;
  for (size_t k = 0; k < http::request_classes; ++k) {
    auto cls = to_string(static_cast<http::request_class>(k));
    in_flight[boost::json::string_view(cls.data(), cls.size())] = n.in_flight[k].load();
    requests[boost::json::string_view(cls.data(), cls.size())] = n.requests[k].load();
  }
  boost::json::object answers;
  for (size_t digit = 1; digit < 6; ++digit) {
    uint64_t sum = 0;
    for (const auto& row : n.answers) sum += row[digit].load();
    answers[std::to_string(digit) + "xx"] = sum;
  }
  facts["connections"] = n.connections.load();
  facts["accepted"] = n.accepted.load();
  facts["evicted"] = n.evicted.load();
  facts["turned_away"] = n.turned_away.load();
  facts["halted"] = n.halted.load();
  facts["timed_out"] = n.timed_out.load();
  facts["held_bytes"] = n.held_bytes.load();
  facts["received_bytes"] = n.received_bytes.load();
  facts["sent_bytes"] = n.sent_bytes.load();
  facts["malformed_forwarded"] = n.malformed_forwarded.load();
  facts["unanswered"] = n.unanswered.load();
  facts["late"] = n.late.load();
  facts["hot_entries"] = st.table->hot().entries();
  facts["hot_hits"] = n.hot_hits.load();
  facts["in_flight"] = std::move(in_flight);
  facts["requests"] = std::move(requests);
  facts["answers"] = std::move(answers);
  return {"http_frontend", st.label, problem_of(st), boost::json::serialize(facts)};
}

} // namespace

http_frontend_state::~http_frontend_state() {
  if (vital) vital->alive.store(false);
}

caf::error validate(const http_frontend_config& cfg) {
  if (cfg.listener.port() == 0) return fail(ec::invalid_config, "http: the listener is not bound.");
  if (!cfg.wall) return fail(ec::invalid_config, "http: there is no wall clock.");
  return validate(cfg.limits);
}

caf::behavior http_frontend(http_frontend_actor* self, vitals_ptr v, http_frontend_config cfg, http_services services,
                            scan_recorder_actor recorder) {
  auto& st = self->state;
  auto* mpx = dynamic_cast<caf::io::network::default_multiplexer*>(&self->system().middleman().backend());
  auto wrong = mpx == nullptr ? fail(ec::invalid_config, "http: needs CAF's default network backend.") : validate(cfg);
  int fd = wrong ? -1 : cfg.listener.release();
  if (!wrong && fd < 0) wrong = fail(ec::invalid_config, "http: " + cfg.listener.address() + " is served already.");
  if (wrong) {
    self->quit(wrong);
    return {};
  }
  st.vital = v;
  st.counters = cfg.counters ? cfg.counters : std::make_shared<http_counters>();
  st.services = std::move(services);
  st.recorder = std::move(recorder);
  st.wall = cfg.wall;
  st.label = cfg.name;
  st.table = std::make_unique<connection_table>(cfg.kind, cfg.limits, id_prefix(), *st.counters);
  st.table->set_links(cfg.link_prefixes);
  st.table->set_proxies(cfg.proxies);
  st.door = caf::make_counted<http_doorman>(*mpx, fd, st.news);
  self->add_doorman(st.door);
  self->delayed_send(self, std::chrono::seconds(1), tick{});
  return {
      watch(v, "new_connection",
            [self](const new_connection_msg& m) {
              auto& state = self->state;
              state.table->opened(fd_of(m.handle), state.news->socket, std::move(state.news->peer), mono_ms(self));
              state.news->socket->reading(true);
              after(self);
            }),
      watch(v, "new_data",
            [self](const new_data_msg& m) {
              self->state.table->received(fd_of(m.handle), {m.buf.data(), m.buf.size()}, mono_ms(self),
                                          self->state.wall());
              after(self);
            }),
      watch(v, "data_transferred",
            [self](const data_transferred_msg& m) {
              self->state.table->drained(fd_of(m.handle), mono_ms(self), self->state.wall());
              after(self);
            }),
      watch(v, "connection_passivated",
            [self](const connection_passivated_msg& m) {
              self->state.table->peer_done(fd_of(m.handle), mono_ms(self), self->state.wall());
              after(self);
            }),
      watch(v, "connection_closed",
            [self](const connection_closed_msg& m) {
              self->state.table->closed(fd_of(m.handle));
              after(self);
            }),
      watch(v, "acceptor_passivated", [self](const acceptor_passivated_msg&) { on_standstill(self); }),
      watch(v, "round", [self](frontend_round) { send_batches(self); }),
      watch(v, "http_answers",
            [self](const http_answers& answers) {
              self->state.table->answer(answers, mono_ms(self), self->state.wall());
              after(self);
            }),
      watch(v, "hot_scenes",
            [self](hot_scenes& hot) {
              for (auto& scene : hot.scenes) self->state.table->hot().put(std::move(scene));
            }),
      watch(v, "scenes_changed",
            [self](const scenes_changed& changed) {
              for (const auto& id : changed.ids) self->state.table->hot().forget(id);
            }),
      watch(v, "tick",
            [self](tick) {
              self->delayed_send(self, std::chrono::seconds(1), tick{});
              self->state.table->tick(mono_ms(self), self->state.wall());
              look_at_crowd(self->state);
              if (!self->state.stopping)
                self->state.trouble.tell(voice, "new clients are turned away", problem_of(self->state), mono_ms(self),
                                         {{"listener", self->state.label}});
              send_counts(self);
              after(self);
            }),
      watch(v, "frontend_limits",
            [self](const frontend_limits& x) {
              self->state.table->set_limits(x.limits);
              after(self);
            }),
      watch(v, "frontend_stop",
            [self](frontend_stop) {
              stop(self);
              after(self);
            }),
      watch(v, "status_query", [self](status_query) -> actor_status { return status_of(self->state); }),
  };
}

} // namespace qrwell
