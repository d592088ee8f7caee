#pragma once

#include "runtime/core/clock.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace qrwell {

struct foreign_gate_config {
  uint32_t per_s_max = 500;       ///< look-ups, of all clients together
  uint32_t per_client_s_max = 50; ///< of these, one client's
  size_t clients_max = 4'096;     ///< told apart; what is past it shares one share
  size_t known_max = 1'000'000;   ///< ids known to exist; 8 bytes and a little more each
};

/// Who may have the store asked for an id that no key of ours made: such ids cannot be told from inventions. Clients
/// pay for inventions only: an id that was found once is free for everybody from then on, and what it cost is given
/// back. So a flood of one client takes nothing from the scans of another, and one of many nothing from codes that were
/// scanned before.
class foreign_gate {
public:
  explicit foreign_gate(foreign_gate_config cfg = {})
      : cfg_(cfg) {}

  /// `peer`: the client's address. Addresses of IPv6 count by their first 64 bits, which one client has all of.
  bool admit(std::string_view id, std::string_view peer, int64_t mono_ms);

  /// The store has this id, which `peer` was admitted for.
  void was_known(std::string_view id, std::string_view peer);

  size_t clients() const noexcept { return clients_.size(); }

private:
  struct bucket {
    double tokens = -1; ///< of one that was never asked: full
    int64_t at_ms = 0;
    void fill(double most, int64_t mono_ms);
  };
  bucket& of(std::string_view peer, int64_t mono_ms);

  foreign_gate_config cfg_;
  bucket all_, others_;
  std::unordered_map<std::string, bucket> clients_;
  int64_t swept_ms_ = 0;
  std::unordered_set<uint64_t> known_; ///< hashes: one that is wrong lets one invention through
};

} // namespace qrwell
