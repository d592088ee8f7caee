#pragma once

#include "messages/scan.hpp"

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace qrwell {

/// Bounded cache of scenes that keeps what is asked for often: an entry begins on probation and is protected from its
/// second use on (segmented LRU; Karedla, Love, Wherry 1994), so that a walk over many ids does not push the frequent
/// ones out. Holds only what exists: "unknown" is never remembered, because the next bind may make it known. Each entry
/// knows when it was asked of the store; how old one may be is the caller's business.
class scene_cache {
public:
  explicit scene_cache(size_t entries_max)
      : entries_max_(entries_max)
      , protected_max_(entries_max * 4 / 5) {}

  struct hit {
    const scene* found = nullptr;
    bool frequent = false; ///< it was used before
    int64_t asked_ms = 0;  ///< steady: it was like this then, or later
  };

  hit find(std::string_view id);
  void put(scene entry, int64_t asked_ms);
  void forget(std::string_view id);
  size_t size() const noexcept { return index_.size(); }

  /// What is too much leaves at once.
  void set_entries_max(size_t entries_max) {
    entries_max_ = entries_max;
    protected_max_ = entries_max * 4 / 5;
    shrink();
  }

private:
  struct node {
    scene value;
    bool is_protected = false;
    int64_t asked_ms = 0;
  };
  using segment = std::list<node>;

  void shrink();

  size_t entries_max_, protected_max_;
  segment probation_, protected_;                                 ///< newest first
  std::unordered_map<std::string_view, segment::iterator> index_; ///< keys point into the nodes
};

} // namespace qrwell
