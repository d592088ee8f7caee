#include "tools/wechat-sim/sim_clock.hpp"

#include <chrono>

namespace qrwell::sim {

int64_t now_us() {
  using namespace std::chrono;
  static const auto wall = system_clock::now().time_since_epoch();
  static const auto start = steady_clock::now();
  return duration_cast<microseconds>(wall + (steady_clock::now() - start)).count();
}

} // namespace qrwell::sim
