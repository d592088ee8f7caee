#include "runtime/core/thread_priority.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace qrwell {

void give_way() noexcept {
  constexpr int niceness = 10;
  // On Linux a thread has a niceness of its own.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

} // namespace qrwell
