#pragma once

#include "actors/binding_persister/bind_groups.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <optional>
#include <vector>

namespace qrwell {

/// Who asks for binds and lots.
using bind_client = caf::typed_actor<caf::reacts_to<bind_results>, caf::reacts_to<claim_result>>;

struct binding_persister_state {
  static constexpr const char* name = "binding_persister";

  binding_persister_config cfg;
  std::optional<bind_groups> groups;
  std::vector<bind_client> clients; ///< by the number the core knows them by
  store_writer_actor store;
  log::trouble failing;
  size_t quarantined = 0; ///< as it was told last
};

binding_persister_actor::behavior_type
binding_persister(watched<binding_persister_actor, binding_persister_state>* self, vitals_ptr v,
                  binding_persister_config cfg, store_writer_actor store);

} // namespace qrwell
