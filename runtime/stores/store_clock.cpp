#include "runtime/stores/code_store.hpp"

#include <ctime>
#include <fstream>

namespace qrwell {
namespace {

int64_t clock_ms(clockid_t which) {
  timespec t{};
  ::clock_gettime(which, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000 + t.tv_nsec / 1'000'000;
}

// A system without /proc has no name for its boot: the process then names its clock after itself, so that ages of other
// processes' rows count as 0.
std::string boot_id() {
  std::string id;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> id;
  return id.empty() ? "process-" + std::to_string(clock_ms(CLOCK_REALTIME)) : id;
}

} // namespace

store_clock store_clock::system() {
  return {[] { return clock_ms(CLOCK_REALTIME); }, [] { return clock_ms(CLOCK_BOOTTIME); },
          [] {
            static const auto id = boot_id();
            return id;
          }};
}

} // namespace qrwell
