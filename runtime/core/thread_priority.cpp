#include "runtime/core/thread_priority.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace qrwell {

void give_way() noexcept {
  sched_param none{};
  ::sched_setscheduler(0, SCHED_IDLE, &none); // on Linux of the calling thread
}

void step_back() noexcept {
  constexpr int niceness = 10;
  // On Linux a thread has a niceness of its own.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

} // namespace qrwell
