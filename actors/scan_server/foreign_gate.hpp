#pragma once

#include "runtime/http/client_shares.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace qrwell {

struct foreign_gate_config {
  http::client_shares_config look_ups{500, 50};
  size_t known_max = 1'000'000; ///< ids known to exist; 8 bytes and a little more each
};

/// Who may have the store asked for an id that no key of ours made: such ids cannot be told from inventions. Clients
/// pay for inventions only: an id that was found once is free for everybody from then on, and what it cost is given
/// back. So a flood of one client takes nothing from the scans of another, and one of many nothing from codes that were
/// scanned before.
class foreign_gate {
public:
  explicit foreign_gate(foreign_gate_config cfg = {})
      : cfg_(cfg)
      , shares_(cfg.look_ups) {}

  /// `peer`: the client's address.
  bool admit(std::string_view id, std::string_view peer, int64_t mono_ms);

  /// The store has this id, which `peer` was admitted for.
  void was_known(std::string_view id, std::string_view peer);

private:
  foreign_gate_config cfg_;
  http::client_shares shares_;
  std::unordered_set<uint64_t> known_; ///< hashes: one that is wrong lets one invention through
};

} // namespace qrwell
