#include "actors/store_worker/image_worker.hpp"

namespace qrwell {
namespace {

enum lane : size_t { get_lane, put_lane, drop_lane };

} // namespace

image_worker_actor::behavior_type image_worker(watched<image_worker_actor, image_worker_state>* self, vitals_ptr v,
                                               store_worker_config cfg, std::unique_ptr<image_store> store) {
  self->set_vitals(v);
  self->state.engine = std::move(store);
  self->state.desk = std::make_unique<lane_desk>(image_worker_state::name, std::move(cfg),
                                                 std::vector<std::string>{"get", "put", "drop"});
  using s = image_store;
  return {
      watch(v, "images_put",
            [self](images_put& m) {
              return in_lane(self, put_lane, "images_put", m, [](s& e, auto& q) { return e.put(q); });
            }),
      watch(v, "image_get",
            [self](image_get& m) {
              return in_lane(self, get_lane, "image_get", m, [](s& e, auto& q) { return e.get(q); });
            }),
      watch(v, "images_drop",
            [self](images_drop& m) {
              return in_lane(self, drop_lane, "images_drop", m, [](s& e, auto& q) { return e.drop(q); });
            }),
      watch(v, "space_query",
            [self](space_query& m) {
              return in_lane(self, put_lane, "space_query", m, [](s& e, auto&) { return e.space(); });
            }),
      watch(v, "tick", [self](const tick&) { run_next_job(self); }),
      watch(v, "status_query", [self](const status_query&) { return self->state.desk->status(); }),
  };
}

} // namespace qrwell
