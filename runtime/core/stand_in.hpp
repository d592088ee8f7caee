#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/monitorable_actor.hpp>

#include <mutex>

namespace qrwell {

/// The address of an actor that may be started again: what others hold. Passes each message straight on to the present
/// incarnation, without a thread or a mailbox of its own. While there is none, requests are answered with
/// request_receiver_down and other messages are dropped.
class stand_in : public caf::monitorable_actor {
public:
  static caf::actor make(caf::actor_system& sys);

  explicit stand_in(caf::actor_config& cfg)
      : caf::monitorable_actor(cfg) {}

  /// Replaces the incarnation; an invalid handle: there is none.
  void point_to(caf::actor target);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;

  const char* name() const override { return "stand_in"; }

protected:
  void on_cleanup(const caf::error&) override { point_to({}); }

private:
  std::mutex mutex_;
  caf::actor target_;
};

} // namespace qrwell
