#include "actors/inspector/inspector.hpp"

namespace qrwell {
namespace {

using report_promise = caf::typed_response_promise<inspect_report>;

/// A report that is delivered when the last of those who hold it lets go: each answer and each time-out does.
struct gathering {
  inspect_report report;
  report_promise promise;
  ~gathering() { promise.deliver(std::move(report)); }
};

struct shell {
  watched<inspector_actor, inspector_state>* self;
  inspector_config cfg;
  std::shared_ptr<vitals_registry> registry;
  std::function<std::vector<status_actor>()> actors;

  report_promise inspect(const inspect_query& query) const {
    auto all = std::make_shared<gathering>();
    all->promise = self->make_response_promise<inspect_report>();
    all->report.node = cfg.node;
    all->report.now_ms = system_wall_ms();
    all->report.actors = registry->snapshot();
    if (query.with_status) {
      auto patience = std::chrono::milliseconds(std::min(query.timeout_for_ms, cfg.status_timeout_ms_max));
      for (const auto& actor : actors())
        self->request(actor, patience, status_query{})
            .then([all](actor_status& status) { all->report.statuses.push_back(std::move(status)); },
                  [all](const caf::error&) {});
    }
    return all->promise;
  }
};

} // namespace

inspector_actor::behavior_type inspector(watched<inspector_actor, inspector_state>* self, vitals_ptr v,
                                         inspector_config cfg, std::shared_ptr<vitals_registry> registry,
                                         std::function<std::vector<status_actor>()> actors) {
  self->set_vitals(v);
  shell sh{self, std::move(cfg), std::move(registry), std::move(actors)};
  return {
      watch(v, "inspect_query",
            [sh](const inspect_query& query) -> caf::result<inspect_report> { return sh.inspect(query); }),
      watch(v, "status_query",
            [sh](status_query) -> actor_status {
              return {"inspector", "inspector", "",
                      R"({"actors":)" + std::to_string(sh.registry->snapshot().size()) + "}"};
            }),
  };
}

} // namespace qrwell
