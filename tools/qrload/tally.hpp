#pragma once

#include "tools/qrload/histogram.hpp"
#include "tools/qrload/workload.hpp"

#include <map>
#include <string>

namespace qrwell::load {

/// What happened to the requests of one kind.
struct kind_tally {
  uint64_t sent = 0, ok = 0;
  std::map<int, uint64_t> by_status;
  std::map<std::string, uint64_t, std::less<>> errors; ///< all that is not ok, by a word
  histogram times; ///< of those that were ok, and how long the unanswered waited; refusals would flatter

  uint64_t failed() const;
};

struct tally {
  std::array<kind_tally, 2> kinds;
  double elapsed_s = 0;
  double busy_s = 0;   ///< processor time of this program meanwhile
  uint64_t unsent = 0; ///< due, and never sent: the target did not keep up
  uint32_t connections = 0;
  double rate_per_s = 0; ///< that was asked for; 0: closed loop
  uint64_t reconnects = 0;

  kind_tally& of(kind k) { return kinds[static_cast<size_t>(k)]; }
  const kind_tally& of(kind k) const { return kinds[static_cast<size_t>(k)]; }
  uint64_t ok() const { return kinds[0].ok + kinds[1].ok; }

  std::string text() const;
  std::string json() const;
};

} // namespace qrwell::load
