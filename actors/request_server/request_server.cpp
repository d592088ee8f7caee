#include "actors/request_server/request_server.hpp"

namespace qrwell {
namespace {

using self_pointer = watched<request_server_actor, request_server_state>*;
using std::chrono::milliseconds;

const log::voice voice{"request_server"};

moment now_of(self_pointer self) {
  return {mono_ms(self), self->state.cfg.wall()};
}

// A handful of front ends at most: a search through them is quicker than a table.
uint32_t sink_of(self_pointer self) {
  auto& sinks = self->state.sinks;
  auto sender = caf::actor_cast<answer_sink>(self->current_sender());
  for (size_t i = 0; i < sinks.size(); ++i)
    if (sinks[i] == sender) return static_cast<uint32_t>(i);
  sinks.push_back(std::move(sender));
  return static_cast<uint32_t>(sinks.size() - 1);
}

uint32_t asker_of(self_pointer self) {
  auto& askers = self->state.askers;
  auto sender = caf::actor_cast<item_sink>(self->current_sender());
  for (size_t i = 0; i < askers.size(); ++i)
    if (askers[i] == sender) return static_cast<uint32_t>(i);
  askers.push_back(std::move(sender));
  return static_cast<uint32_t>(askers.size() - 1);
}

void perform(self_pointer self);

// Runs one step of the core and does what it wants.
template <class F>
void step(self_pointer self, F f) {
  auto& desk = *self->state.desk;
  desk.tell(log::enabled(log::level::debug));
  f(desk, now_of(self));
  perform(self);
}

void write_down(const desk_note& note) {
  log::voice of_pool("request_server", note.pool);
  if (note.code == ec::none)
    of_pool.debug(note.rung.empty() ? "code replayed" : "code issued",
                  {{"request_id", note.request_id}, {"id", note.id}, {"rung", note.rung}, {"key", note.key}});
  else
    of_pool.debug(
        "request refused",
        {{"request_id", note.request_id}, {"code", to_string(note.code)}, {"why", note.detail}, {"key", note.key}});
}

void write_down_missing(self_pointer self, const codes_kill& kills) {
  if (auto held_back = self->state.missing_images.admit(kills.reason, mono_ms(self)))
    voice.error("images of codes in stock are missing; the codes are dead now",
                {{"id", kills.ids.front()}, {"codes", kills.ids.size()}, {"lines_held_back", *held_back}});
}

void apply(self_pointer self, const issue_limits& limits) {
  auto& s = self->state;
  s.cfg.store_timeout_ms = limits.store_timeout_ms;
  s.desk->set_limits(limits);
}

void fetch_live(self_pointer self, live_order order) {
  auto& s = self->state;
  auto pool = order.request.pool;
  auto number = order.order;
  self->request(s.stockers.at(pool), milliseconds(s.cfg.live_timeout_ms), std::move(order.request))
      .then(
          [=](live_codes& codes) { step(self, [&](auto& d, moment now) { d.live_ended(pool, number, codes, now); }); },
          [=](caf::error& err) { step(self, [&](auto& d, moment now) { d.live_ended(pool, number, err, now); }); });
}

void read_image(self_pointer self, uint64_t ticket, image_get query) {
  auto& s = self->state;
  self->request(s.images, milliseconds(s.cfg.store_timeout_ms), std::move(query))
      .then(
          [=](image_data& data) {
            step(self, [&](auto& d, moment now) { d.image_ended(ticket, std::move(data), now); });
          },
          [=](caf::error& err) { step(self, [&](auto& d, moment now) { d.image_ended(ticket, err, now); }); });
}

void ask_what_they_got(self_pointer self, bind_recall asked) {
  auto& s = self->state;
  self->request(s.reader, milliseconds(s.cfg.store_timeout_ms), asked)
      .then([=](bind_group_result& got) { step(self, [&](auto& d, moment now) { d.recalled(got, now); }); },
            [=](caf::error&) { step(self, [&](auto& d, moment now) { d.not_recalled(asked, now); }); });
}

void read_keys(self_pointer self) {
  auto& s = self->state;
  self->request(s.reader, milliseconds(s.cfg.store_timeout_ms), keys_query{})
      .then([=](keys_snapshot& keys) { step(self, [&](auto& d, moment now) { d.keys_read(std::move(keys), now); }); },
            [=](caf::error&) { step(self, [&](auto& d, moment now) { d.keys_failed(now); }); });
}

// Binds leave before answers are written to sockets: the store is what everybody waits for.
void perform(self_pointer self) {
  auto& s = self->state;
  auto wanted = s.desk->take(now_of(self));
  auto store_timeout = milliseconds(s.cfg.store_timeout_ms);
  if (!wanted.binds.requests.empty()) self->send(s.persister, std::move(wanted.binds));
  for (auto& claim : wanted.claims) self->send(s.persister, std::move(claim));
  if (!wanted.done_lots.lots.empty()) self->send(s.persister, std::move(wanted.done_lots));
  for (auto& [sink, answers] : wanted.answers) self->send(s.sinks[sink], std::move(answers));
  for (auto& [asker, ends] : wanted.item_ends) self->send(s.askers[asker], std::move(ends));
  for (auto& order : wanted.lives) fetch_live(self, std::move(order));
  for (auto& [ticket, query] : wanted.images) read_image(self, ticket, std::move(query));
  // Both are repeated by what causes them: an image that is missing is found missing again, a key is used again.
  if (!wanted.kills.ids.empty()) write_down_missing(self, wanted.kills);
  if (!wanted.kills.ids.empty())
    self->request(s.writer, store_timeout, std::move(wanted.kills)).then([](affected&) {}, [](caf::error&) {});
  if (!wanted.used.key_ids.empty())
    self->request(s.writer, store_timeout, std::move(wanted.used)).then([](done) {}, [](caf::error&) {});
  if (!wanted.recall.requests.empty()) ask_what_they_got(self, std::move(wanted.recall));
  if (wanted.read_keys) read_keys(self);
  for (const auto& note : wanted.told) write_down(note);
  if (!wanted.reports.empty() && mono_ms(self) >= s.tell_from_ms)
    s.trouble.tell(voice, "requests for codes are in trouble", s.desk->status().problem, mono_ms(self));
  for (auto& report : wanted.reports) {
    auto pool = report.pool;
    self->send(s.stockers.at(pool), std::move(report));
  }
}

} // namespace

request_server_actor::behavior_type request_server(self_pointer self, vitals_ptr v, request_server_config cfg,
                                                   binding_persister_actor persister, store_reader_actor reader,
                                                   store_writer_actor writer, image_worker_actor images,
                                                   std::map<std::string, pool_stocker_actor> stockers) {
  self->set_vitals(v);
  std::vector<std::string> pools;
  pools.reserve(stockers.size());
  for (const auto& [pool, stocker] : stockers) pools.push_back(pool);
  auto& s = self->state;
  s.cfg = std::move(cfg);
  s.desk.emplace(s.cfg, pools);
  s.persister = std::move(persister);
  s.reader = std::move(reader);
  s.writer = std::move(writer);
  s.images = std::move(images);
  s.stockers = std::move(stockers);
  s.tell_from_ms = mono_ms(self) + s.cfg.store_timeout_ms;
  self->send(self, tick{});
  return {
      watch(v, "bind_results",
            [self](bind_results& x) { step(self, [&](auto& d, moment now) { d.bind_ended(x, now); }); }),
      watch(v, "claim_result",
            [self](const claim_result& x) { step(self, [&](auto& d, moment now) { d.claim_ended(x, now); }); }),
      watch(v, "pool_state",
            [self](const pool_state& x) { step(self, [&](auto& d, moment now) { d.pool_changed(x, now); }); }),
      watch(v, "issue_limits", [self](const issue_limits& x) { apply(self, x); }),
      watch(v, "tick",
            [self](tick) {
              self->delayed_send(self, milliseconds(self->state.cfg.tick_ms), tick{});
              step(self, [](auto& d, moment now) { d.tick(now); });
            }),
      watch(v, "http_batch",
            [self](http_batch& x) { step(self, [&](auto& d, moment now) { d.requests(sink_of(self), x, now); }); }),
      watch(v, "issue_items",
            [self](issue_items& x) { step(self, [&](auto& d, moment now) { d.items(asker_of(self), x, now); }); }),
      watch(v, "status_query", [self](status_query) { return self->state.desk->status(); }),
  };
}

} // namespace qrwell
