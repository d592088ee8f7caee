#pragma once

#include "runtime/core/vitals.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace qrwell {

/// What happens when an actor dies of anything but an orderly shutdown. The rule of each actor stands where it is
/// spawned (node/spawn.cpp).
enum class on_death : uint8_t {
  restart,   ///< a fresh one takes its place, after 1 s, 2 s, 4 s .. 60 s; ten minutes of peace begin the count anew
  stop_node, ///< the process ends with an error, and the service manager starts it again
};

struct supervised {
  std::string kind, name;
  on_death rule = on_death::restart;
  std::function<caf::actor()> start; ///< spawns an incarnation and enrolls its vitals
};

/// Pure: how long to wait before restart number `failures` (from 1).
int64_t restart_delay_ms(uint32_t failures);

/// Starts actors, and starts them again. Others hold what `add` returns, which stays valid over restarts.
class supervisor {
public:
  supervisor(caf::actor_system& sys, std::shared_ptr<vitals_registry> registry,
             std::function<void(std::string reason)> stop_node);
  ~supervisor();

  /// The address of a child that is added later, for those who must know it before: actors that talk to each other.
  template <class Handle>
  Handle reserve(const std::string& kind, const std::string& name) {
    return caf::actor_cast<Handle>(address_of(kind, name));
  }

  /// The first incarnation is alive when this returns.
  caf::actor add(supervised child);

  template <class Handle>
  Handle add_as(supervised child) {
    return caf::actor_cast<Handle>(add(std::move(child)));
  }

  /// From now on deaths are orderly. Ends the children, last started first, and waits for each up to `patience_ms` in
  /// all.
  void stop(int64_t patience_ms);

  /// From now on the end of this child is no death.
  void expect_end(const std::string& kind, const std::string& name);

  /// Waits for a child that was asked to end in its own way.
  bool await_one(const std::string& kind, const std::string& name, int64_t patience_ms);

  /// Ends one child in order, e.g. in a shutdown that has a sequence.
  bool stop_one(const std::string& kind, const std::string& name, int64_t patience_ms);

  /// Puts a fresh incarnation, started by `start` from now on, in the place of the present one, in order.
  void replace(const std::string& kind, const std::string& name, std::function<caf::actor()> start);

  /// All that were added.
  std::vector<caf::actor> addresses() const;

private:
  caf::actor address_of(const std::string& kind, const std::string& name);

  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace qrwell
