#include "actors/caretaker/caretaker.hpp"

#include "messages/errors.hpp"
#include "runtime/core/clock.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

const log::voice voice{"caretaker"};

struct shell {
  watched<caretaker_actor, caretaker_state>* self;
  caretaker_config cfg;
  store_writer_actor writer;
  store_reader_actor reader;
  image_worker_actor images;
  std::function<caf::error()> check_directory;
  std::function<caf::error(const store_identity&)> write_watermark;

  std::chrono::milliseconds patience() const { return std::chrono::milliseconds(cfg.store_timeout_ms); }

  void on_tick() const {
    self->delayed_send(self, std::chrono::milliseconds(cfg.watermark_interval_ms), tick{});
    auto gone = check_directory();
    self->state.directory = gone ? render(gone) : std::string{};
    self->state.trouble.tell(voice, "housekeeping is held up", problem(), mono_ms(self));
    self->request(reader, patience(), identity_query{})
        .then([this_ = *this](const store_identity& now) { this_.write_down(now); },
              [this_ = *this](const caf::error& why) { this_.failed("the store does not say how far it is", why); });
    if (mono_ms(self) >= self->state.purge_due_ms) {
      self->state.purge_due_ms = mono_ms(self) + cfg.purge_interval_ms;
      purge();
    }
  }

  void write_down(const store_identity& now) const {
    auto& st = self->state;
    st.problem.clear();
    if (now.commit_seq == st.written.commit_seq && now.store_uuid == st.written.store_uuid) return;
    if (auto err = write_watermark(now)) return failed("the watermark cannot be written", err);
    st.written = now;
  }

  void purge() const {
    self->request(writer, patience(), store_purge{cfg.purge_rows_max})
        .then(
            [this_ = *this](affected& gone) {
              auto& st = this_.self->state;
              st.purged += gone.count;
              st.deleting.clear();
              if (!gone.ids.empty()) this_.drop_images(std::move(gone.ids));
              if (gone.count >= this_.cfg.purge_rows_max) this_.purge();
            },
            [this_ = *this](const caf::error& why) { this_.not_deleted("old rows cannot be deleted", why); });
  }

  void drop_images(std::vector<std::string> ids) const {
    self->request(images, patience(), images_drop{std::move(ids)})
        .then([](done) {},
              [this_ = *this](const caf::error& why) {
                this_.not_deleted("images of deleted codes cannot be deleted", why);
              });
  }

  void failed(const char* what, const caf::error& why) const {
    self->state.problem = std::string(what) + ": " + render(why);
  }

  // Stays until the next round of deleting, which is far less often than the others.
  void not_deleted(const char* what, const caf::error& why) const {
    self->state.deleting = std::string(what) + ": " + render(why);
  }

  const std::string& problem() const {
    const auto& st = self->state;
    return !st.directory.empty() ? st.directory : !st.problem.empty() ? st.problem : st.deleting;
  }

  actor_status status() const {
    const auto& st = self->state;
    boost::json::object facts{{"commit_seq", st.written.commit_seq}, {"purged", st.purged}};
    return {"caretaker", "caretaker", problem(), boost::json::serialize(facts)};
  }
};

} // namespace

caf::error validate(const caretaker_config& cfg) {
  if (cfg.watermark_interval_ms == 0 || cfg.purge_rows_max == 0)
    return fail(ec::invalid_config, "caretaker: intervals must be at least 1");
  return {};
}

caretaker_actor::behavior_type caretaker(watched<caretaker_actor, caretaker_state>* self, vitals_ptr v,
                                         caretaker_config cfg, store_writer_actor writer, store_reader_actor reader,
                                         image_worker_actor images, std::function<caf::error()> check_directory,
                                         std::function<caf::error(const store_identity&)> write_watermark) {
  self->set_vitals(v);
  shell sh{self,
           cfg,
           std::move(writer),
           std::move(reader),
           std::move(images),
           std::move(check_directory),
           std::move(write_watermark)};
  self->send(self, tick{});
  return {
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
