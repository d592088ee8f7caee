#pragma once

#include <cstdint>
#include <deque>

namespace qrwell {

/// How many codes a pool has in stock. Three know a part of it: the store what lies in free lots (and what held lots
/// had when they were claimed), the node's shelf what is left of the held ones, the stocker what it has closed. They
/// tell it at different times, and a lot that moves in between is in two of them, or in none.
class stock_estimate {
public:
  /// The store is asked; told() is its answer. `free`: codes in lots that are ready or filling; `held`: in held ones.
  void asked() noexcept { asked_at_ = closed_; }
  void told(uint64_t free, uint64_t held, int64_t mono_ms);

  /// The shelf has `codes`, and `issued` left it since its report before.
  void reported(uint64_t codes, uint64_t issued, int64_t mono_ms);

  /// Codes of a grant are in the store: in a free lot, or in a held one (live).
  void closed(uint64_t codes, bool held) noexcept { (held ? closed_.held : closed_.free) += codes; }

  /// What is known best: off by what moved in the last second.
  uint64_t level(int64_t mono_ms) const;

  /// Never less than there is, but for a code that was offered and comes back: counts what moved in the last second
  /// twice rather than not at all.
  uint64_t at_most(int64_t mono_ms) const;

private:
  struct sums {
    uint64_t free = 0, held = 0;
  };
  struct telling {
    int64_t at_ms = 0;
    uint64_t free = 0, held = 0;
    sums closed_before;
  };
  struct report {
    int64_t at_ms = 0;
    uint64_t codes = 0, issued = 0;
  };

  bool shelf_is_known(int64_t mono_ms) const;
  uint64_t free_since(const telling& t) const { return t.free + closed_.free - t.closed_before.free; }
  const telling* before(const report& r) const;

  sums closed_, asked_at_;
  std::deque<telling> tellings_; // of the last moments, the newest last
  std::deque<report> reports_;
};

} // namespace qrwell
