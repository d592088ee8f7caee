#include "actors/pool_stocker/pool_stocker.hpp"

namespace qrwell {
namespace {

using namespace std::chrono_literals;
using pointer = watched<pool_stocker_actor, pool_stocker_state>*;

// No answer is waited for longer than this.
constexpr auto grant_wait = 10min; // a ticket that nobody receives keeps its units: the core gives up long before
constexpr auto close_wait = 15s;
constexpr auto image_wait = 30s;
constexpr auto store_wait = 10s;
constexpr auto fetch_grace = 5s; // the fetcher answers a moment after the call's own time-out

stamp now_of(pointer self) {
  return {mono_ms(self), self->state.wall()};
}

void perform(pointer self, stocker::effects orders);

/// Sends a request whose answer, good or bad, is an event of the core: `then(core, expected<Answer>, stamp)`.
template <class Answer, class To, class Request, class Then>
void ask(pointer self, const char* name, const To& to, std::chrono::milliseconds wait, Request request, Then then) {
  auto v = self->state.vitals;
  self->request(to, wait, std::move(request))
      .then(watch(v, name,
                  [self, then](Answer& answer) {
                    perform(self, then(*self->state.core, caf::expected<Answer>{std::move(answer)}, now_of(self)));
                  }),
            watch(v, name, [self, then](caf::error& failure) {
              perform(self, then(*self->state.core, caf::expected<Answer>{std::move(failure)}, now_of(self)));
            }));
}

caf::error error_of(const caf::expected<done>& answer) {
  return answer ? caf::error{} : answer.error();
}

struct performer {
  pointer self;
  pool_stocker_state& s = self->state;

  void operator()(stocker::ask_grant& e) const {
    ask<grant_ticket>(
        self, "grant_ticket", s.quota, grant_wait, std::move(e.request),
        [run = e.run](auto& core, auto answer, stamp now) { return core.on_ticket(run, std::move(answer), now); });
  }
  void operator()(stocker::say_sent& e) const { self->send(s.quota, e.sent); }
  void operator()(stocker::say_ended& e) const { self->send(s.quota, e.ended); }
  void operator()(stocker::say_limit& e) const { self->send(s.quota, e.limit); }
  void operator()(stocker::fetch& e) const {
    ask<fetched_code>(self, "fetched_code", s.fetcher, std::chrono::milliseconds{s.call_timeout_ms} + fetch_grace,
                      e.request, [run = e.run, id = e.request.id](auto& core, auto answer, stamp now) {
                        return core.on_fetched(run, id, std::move(answer), now);
                      });
  }
  void operator()(stocker::write_images& e) const {
    ask<done>(self, "images_written", s.images, image_wait, std::move(e.images),
              [run = e.run](auto& core, auto answer, stamp now) {
                return core.on_images_written(run, error_of(answer), now);
              });
  }
  void operator()(stocker::end_grant& e) const {
    ask<grant_closed>(
        self, "grant_closed", s.quota, close_wait, std::move(e.close),
        [run = e.run](auto& core, auto answer, stamp now) { return core.on_closed(run, std::move(answer), now); });
  }
  void operator()(stocker::drop_images& e) const {
    ask<done>(self, "images_dropped", s.images, image_wait, std::move(e.images),
              [](auto&, auto, stamp) { return stocker::effects{}; });
  }
  void operator()(stocker::read_levels& e) const {
    ask<stock_levels>(
        self, "stock_levels", s.reader, store_wait, std::move(e.query),
        [n = e.number](auto& core, auto answer, stamp now) { return core.on_levels(n, std::move(answer), now); });
  }
  void operator()(stocker::read_space&) const {
    ask<free_space>(self, "free_space", s.images, store_wait, space_query{},
                    [](auto& core, auto answer, stamp now) { return core.on_space(std::move(answer), now); });
  }
  void operator()(stocker::write_pause& e) const {
    s.lines->pause_asked(e.pause);
    ask<pool_row>(self, "pool_row", s.writer, store_wait, e.pause, [e](auto& core, auto answer, stamp now) {
      return core.on_pause_written(e.command, e.pause, std::move(answer), now);
    });
  }
  void operator()(stocker::seal& e) const {
    ask<affected>(self, "lots_sealed", s.writer, store_wait, e.seal_, [](auto& core, auto answer, stamp now) {
      return core.on_sealed(answer ? caf::error{} : answer.error(), now);
    });
  }
  void operator()(stocker::age& e) const {
    ask<affected>(self, "aged_out", s.writer, store_wait, e.age_,
                  [gen = e.age_.gen_id, &lines = *s.lines](auto& core, auto answer, stamp now) {
                    if (answer) lines.aged(gen, answer->count);
                    return core.on_aged(gen, std::move(answer), now);
                  });
  }
  void operator()(stocker::answer_live& e) const {
    auto node = s.live.extract(e.number);
    if (node.empty()) return;
    if (e.failure)
      node.mapped().deliver(std::move(e.failure));
    else
      node.mapped().deliver(std::move(e.codes));
  }
  void operator()(stocker::answer_command& e) const {
    auto node = s.commands.extract(e.number);
    if (node.empty()) return;
    if (e.failure)
      node.mapped().deliver(std::move(e.failure));
    else
      node.mapped().deliver(std::move(e.state));
  }
  void operator()(stocker::publish& e) const {
    s.lines->published(e.state, s.core->look(), mono_ms(self));
    for (const auto& sink : s.sinks) self->send(sink, e.state);
  }
};

void perform(pointer self, stocker::effects orders) {
  performer p{self};
  for (auto& one : orders) std::visit(p, one);
}

void arm(pointer self, uint32_t tick_ms) {
  self->delayed_send(self, std::chrono::milliseconds{tick_ms}, tick{});
}

caf::typed_response_promise<live_codes> begin_live(pointer self, const live_request& request) {
  auto number = ++self->state.last_promise;
  auto promise = self->make_response_promise<live_codes>();
  self->state.live.emplace(number, promise);
  perform(self, self->state.core->on_live(number, request, now_of(self)));
  return promise;
}

caf::typed_response_promise<pool_state> begin_command(pointer self, const pool_command& command) {
  auto number = ++self->state.last_promise;
  auto promise = self->make_response_promise<pool_state>();
  self->state.commands.emplace(number, promise);
  self->state.lines->commanded(command);
  perform(self, self->state.core->on_command(number, command, now_of(self)));
  return promise;
}

} // namespace

pool_stocker_actor::behavior_type pool_stocker(watched<pool_stocker_actor, pool_stocker_state>* self, vitals_ptr v,
                                               pool_stocker_config cfg, quota_manager_actor quota,
                                               wechat_fetcher_actor fetcher, store_writer_actor writer,
                                               store_reader_actor reader, image_worker_actor images,
                                               std::vector<pool_state_sink> sinks) {
  self->set_vitals(v);
  auto& s = self->state;
  s.wall = cfg.wall;
  s.vitals = v;
  s.quota = std::move(quota);
  s.fetcher = std::move(fetcher);
  s.writer = std::move(writer);
  s.reader = std::move(reader);
  s.images = std::move(images);
  s.sinks = std::move(sinks);
  s.call_timeout_ms = cfg.call_timeout_ms;
  s.lines.emplace(cfg.pool);
  auto tick_ms = cfg.tick_ms;
  s.core = std::make_unique<stocker_core>(std::move(cfg));
  self->send(self, tick{});
  return {
      watch(v, "pool_query", [self](pool_query) -> pool_state { return self->state.core->state(now_of(self)); }),
      watch(v, "pool_command", [self](const pool_command& c) { return begin_command(self, c); }),
      watch(v, "live_request", [self](const live_request& r) { return begin_live(self, r); }),
      watch(v, "shelf_report", [self](const shelf_report& r) { self->state.core->on_shelf(r, now_of(self)); }),
      watch(v, "tick",
            [self, tick_ms](tick) {
              arm(self, tick_ms);
              perform(self, self->state.core->on_tick(now_of(self)));
            }),
      watch(v, "status_query", [self](status_query) -> actor_status { return self->state.core->status(now_of(self)); }),
  };
}

} // namespace qrwell
