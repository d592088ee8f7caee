#pragma once

#include "messages/scan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace qrwell {

/// Ready answers of hot scenes, and the counts of those that were served from here. Bounded by entries and by bytes;
/// what was not asked for since the hand came by last goes first (CLOCK). Not thread-safe: it belongs to one front end.
class hot_cache {
public:
  hot_cache(size_t entries_max, size_t bytes_max);

  struct hit {
    std::string_view answer; ///< until the next call that changes the cache
    size_t body_at = 0;      ///< where the body begins
  };

  /// An answer that may be served at `wall_ms`, counted as a scan with this launch scene (0: not told). An empty
  /// answer: none.
  hit find(std::string_view id, uint32_t launch, int64_t wall_ms);

  /// An older version does not replace a newer one; an answer that is not a 200 with a header's end in it is not kept.
  void put(hot_scene scene);
  void forget(std::string_view id);

  /// What is too much for these leaves at once.
  void set_limits(size_t entries_max, size_t bytes_max);

  size_t entries() const noexcept { return index_.size(); }
  size_t bytes() const noexcept { return bytes_; }

  /// Scans since the last call. At most as many as entries_max and 8,192 more.
  std::vector<scan_count> take_counts();

  /// So many scans wait that they should be taken before the next second.
  bool counts_due() const noexcept { return spilled_.size() >= 4'096; }

private:
  struct slot {
    hot_scene scene;
    size_t body_at = 0;
    uint32_t launch = 0;
    uint64_t hits = 0;
    bool used = false, taken = false;
  };
  struct hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };

  static size_t cost(const slot& s) noexcept {
    return sizeof(slot) + 64 + 2 * s.scene.id.size() + s.scene.answer.size();
  }
  void spill(slot& s);
  void remove(size_t at);
  void evict_one();

  size_t entries_max_, bytes_max_, bytes_ = 0, hand_ = 0;
  std::vector<slot> slots_;
  std::vector<uint32_t> free_, touched_;
  std::unordered_map<std::string, uint32_t, hash, std::equal_to<>> index_;
  std::vector<scan_count> spilled_;
};

} // namespace qrwell
