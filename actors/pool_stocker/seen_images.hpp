#pragma once

#include "messages/common.hpp"

#include <cstring>
#include <list>
#include <unordered_map>

namespace qrwell {

/// The images of this pool that were seen last, by their SHA-256: two codes with the same bytes would be one code, so
/// the second is no code at all. Bounded; forgets the one that was asked for longest ago.
class seen_images {
public:
  explicit seen_images(size_t entries_max)
      : entries_max_(entries_max) {}

  /// Whether it was here before; it is from now on.
  bool seen_before(const digest& sha) {
    auto [place, fresh] = by_sha_.try_emplace(sha);
    if (!fresh) {
      order_.splice(order_.begin(), order_, place->second);
      return true;
    }
    order_.push_front(sha);
    place->second = order_.begin();
    if (order_.size() > entries_max_) {
      by_sha_.erase(order_.back());
      order_.pop_back();
    }
    return false;
  }

  size_t size() const noexcept { return order_.size(); }

private:
  struct first_bytes {
    size_t operator()(const digest& sha) const noexcept {
      size_t h = 0;
      std::memcpy(&h, sha.data(), sizeof h);
      return h;
    }
  };

  size_t entries_max_;
  std::list<digest> order_; // newest first
  std::unordered_map<digest, std::list<digest>::iterator, first_bytes> by_sha_;
};

} // namespace qrwell
