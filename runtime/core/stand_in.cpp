#include "runtime/core/stand_in.hpp"

#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/make_actor.hpp>
#include <caf/sec.hpp>

namespace qrwell {

caf::actor stand_in::make(caf::actor_system& sys) {
  caf::actor_config cfg{sys.dummy_execution_unit()};
  return caf::make_actor<stand_in, caf::actor>(sys.next_actor_id(), sys.node(), &sys, cfg);
}

void stand_in::point_to(caf::actor target) {
  std::lock_guard lock(mutex_);
  std::swap(target_, target);
}

void stand_in::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  caf::actor target;
  {
    std::lock_guard lock(mutex_);
    target = target_;
  }
  if (target) {
    caf::actor_cast<caf::abstract_actor*>(target)->enqueue(std::move(what), host);
    return;
  }
  caf::detail::sync_request_bouncer bounce{caf::make_error(caf::sec::request_receiver_down)};
  bounce(*what);
}

} // namespace qrwell
