#include "actors/scan_recorder/scan_recorder.hpp"

#include "messages/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

const log::voice voice{"scan_recorder"};

// A shorter interval, set while the actor sleeps, is noticed within this time.
constexpr uint32_t look_every_ms = 1'000;

struct shell {
  watched<scan_recorder_actor, scan_recorder_state>* self;
  store_writer_actor writer;

  void flush_if_due() const {
    auto& st = self->state;
    auto batch = st.counts->take(mono_ms(self));
    if (batch.scans.empty()) return;
    self->request(writer, std::chrono::milliseconds(st.store_timeout_ms), std::move(batch))
        .then(
            [this_ = *this, &st](done) {
              st.counts->written();
              st.store_problem.clear();
              this_.flush_if_due();
            },
            [&st](const caf::error& why) {
              st.counts->not_written();
              st.store_problem = "scan counts wait for the store: " + render(why);
            });
  }

  void add(const scans_seen& seen) const {
    self->state.counts->add(seen);
    flush_if_due();
  }

  void arm() const {
    auto wait_ms = std::min(self->state.flush_interval_ms, look_every_ms);
    self->delayed_send(self, std::chrono::milliseconds(wait_ms), tick{});
  }

  void on_tick() const {
    arm();
    flush_if_due();
    auto& st = self->state;
    auto now = mono_ms(self);
    st.store_trouble.tell(voice, "scans are not written down", st.store_problem, now);
    auto dropped = st.counts->dropped();
    st.loss.tell(voice, "scans are answered and not counted",
                 dropped > 0 ? std::to_string(dropped) + " scans were dropped, since too many waited" : "", now);
  }

  void apply(const count_limits& limits) const {
    auto& st = self->state;
    st.flush_interval_ms = limits.flush_interval_ms;
    st.store_timeout_ms = limits.store_timeout_ms;
    st.counts->set_limits(limits);
  }

  actor_status status() const {
    const auto& counts = *self->state.counts;
    boost::json::object facts{
        {"waiting", counts.waiting()}, {"recorded", counts.recorded()}, {"dropped", counts.dropped()}};
    auto problem = self->state.store_problem;
    if (counts.dropped() > 0)
      problem += (problem.empty() ? "" : "; ") + std::to_string(counts.dropped()) + " scans were not counted";
    return {"scan_recorder", "scan_recorder", problem, boost::json::serialize(facts)};
  }
};

} // namespace

scan_recorder_actor::behavior_type scan_recorder(watched<scan_recorder_actor, scan_recorder_state>* self, vitals_ptr v,
                                                 scan_recorder_config cfg, store_writer_actor writer) {
  self->set_vitals(v);
  self->state.counts.emplace(cfg);
  self->state.flush_interval_ms = cfg.flush_interval_ms;
  self->state.store_timeout_ms = cfg.store_timeout_ms;
  shell sh{self, std::move(writer)};
  sh.arm();
  return {
      watch(v, "scans_seen", [sh](const scans_seen& seen) { sh.add(seen); }),
      watch(v, "count_limits", [sh](const count_limits& limits) { sh.apply(limits); }),
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
