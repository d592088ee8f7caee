#pragma once

#include "messages/register.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <boost/test/unit_test.hpp>

namespace qrwell::test {

/// An actor system on virtual time, in one thread: nothing runs unless `run()` or `advance()` says so.
struct det_fixture {
  struct config : caf::actor_system_config {
    config() {
      register_messages(*this);
      set("scheduler.policy", caf::atom("testing"));
      set("logger.inline-output", true);
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
  caf::scheduler::test_coordinator& sched = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  caf::scoped_actor self{sys, true};
  std::vector<caf::strong_actor_ptr> owned;

  det_fixture() { sched.clock().current_time += std::chrono::hours(1); }

  // Self-rearming timers keep actors alive, and the system's destructor waits for all of them: end each by hand.
  ~det_fixture() {
    for (auto& actor : owned) caf::anon_send_exit(caf::actor_cast<caf::actor>(actor), caf::exit_reason::kill);
    sched.run();
  }

  void run() { sched.run(); }

  /// Moves virtual time and runs what became due. Long spans are walked in steps, so that timers that re-arm fire as
  /// often as they would.
  void advance(caf::timespan span, caf::timespan step = std::chrono::milliseconds(100)) {
    while (span.count() > 0) {
      auto d = std::min(span, step);
      sched.advance_time(d);
      sched.run();
      span -= d;
    }
  }

  int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(sched.clock().now().time_since_epoch()).count();
  }

  template <class F, class... Ts>
  auto spawn(F f, Ts&&... xs) {
    auto h = sys.spawn(f, std::forward<Ts>(xs)...);
    owned.push_back(caf::actor_cast<caf::strong_actor_ptr>(h));
    sched.run();
    return h;
  }

  /// Asks and runs until nothing is left to do at this instant. An actor that has not answered by then gives ec-less
  /// `request_timeout`.
  template <class R, class H, class... Ts>
  caf::expected<R> ask(const H& h, Ts&&... xs) {
    auto rh = self->request(h, caf::infinite, std::forward<Ts>(xs)...);
    sched.run();
    caf::expected<R> out{caf::sec::request_timeout};
    if (!self->has_next_message()) return out;
    rh.receive([&](R& x) { out = std::move(x); }, [&](caf::error& e) { out = std::move(e); });
    return out;
  }

  template <class H, class T>
  void tell(const H& h, T&& x) {
    self->send(h, std::forward<T>(x));
    sched.run();
  }
};

} // namespace qrwell::test
