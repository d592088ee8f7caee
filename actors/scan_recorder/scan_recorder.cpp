#include "actors/scan_recorder/scan_recorder.hpp"

#include "messages/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

struct shell {
  watched<scan_recorder_actor, scan_recorder_state>* self;
  scan_recorder_config cfg;
  store_writer_actor writer;

  void flush_if_due() const {
    auto& st = self->state;
    auto batch = st.counts->take(mono_ms(self));
    if (batch.scans.empty()) return;
    self->request(writer, std::chrono::milliseconds(cfg.store_timeout_ms), std::move(batch))
        .then(
            [&st](done) {
              st.counts->written();
              st.store_problem.clear();
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

  void on_tick() const {
    self->delayed_send(self, std::chrono::milliseconds(cfg.flush_interval_ms), tick{});
    flush_if_due();
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
  shell sh{self, cfg, std::move(writer)};
  self->delayed_send(self, std::chrono::milliseconds(cfg.flush_interval_ms), tick{});
  return {
      watch(v, "scans_seen", [sh](const scans_seen& seen) { sh.add(seen); }),
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
