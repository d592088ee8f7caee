#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace qrwell {

/// Requests for the same target that would reuse each other's code. While the first of them gets one the others wait,
/// instead of each taking a code from the shelf only to give it back.
class reuse_flights {
public:
  using lead = std::shared_ptr<const void>;

  /// Whoever gets a lead goes on, and is over when it lets go of that; null: `ticket` waits until then.
  lead join(const std::string& target, uint64_t ticket) {
    auto [flight, is_first] = flights_.try_emplace(target);
    if (!is_first) {
      flight->second.push_back(ticket);
      return nullptr;
    }
    return {this, [this, target](const void*) { over(target); }};
  }

  /// Those whose first one is over.
  std::vector<uint64_t> take_woken() { return std::exchange(woken_, {}); }

private:
  void over(const std::string& target) {
    auto flight = flights_.extract(target);
    woken_.insert(woken_.end(), flight.mapped().begin(), flight.mapped().end());
  }

  std::unordered_map<std::string, std::vector<uint64_t>> flights_;
  std::vector<uint64_t> woken_;
};

} // namespace qrwell
