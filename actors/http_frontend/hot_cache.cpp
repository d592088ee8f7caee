#include "actors/http_frontend/hot_cache.hpp"

namespace qrwell {

hot_cache::hot_cache(size_t entries_max, size_t bytes_max)
    : entries_max_(entries_max)
    , bytes_max_(bytes_max) {}

hot_cache::hit hot_cache::find(std::string_view id, uint32_t launch, int64_t wall_ms) {
  auto found = index_.find(id);
  if (found == index_.end()) return {};
  auto at = found->second;
  auto& s = slots_[at];
  if (s.scene.expires_ms != 0 && s.scene.expires_ms <= wall_ms) {
    remove(at);
    return {};
  }
  if (s.hits != 0 && s.launch != launch) spill(s);
  if (s.hits == 0) touched_.push_back(at);
  s.launch = launch;
  ++s.hits;
  s.used = true;
  return {s.scene.answer, s.body_at};
}

void hot_cache::put(hot_scene scene) {
  auto end = scene.answer.find("\r\n\r\n");
  if (end == scene.answer.npos || scene.answer.compare(0, 12, "HTTP/1.1 200") != 0 || entries_max_ == 0) return;
  auto found = index_.find(scene.id);
  if (found != index_.end()) {
    if (slots_[found->second].scene.version > scene.version) return;
    remove(found->second);
  }
  slot fresh;
  fresh.scene = std::move(scene);
  fresh.body_at = end + 4;
  fresh.taken = true;
  auto size = cost(fresh);
  if (size > bytes_max_) return;
  while (index_.size() >= entries_max_ || bytes_ + size > bytes_max_) evict_one();
  uint32_t at;
  if (free_.empty()) {
    at = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  index_.emplace(fresh.scene.id, at);
  bytes_ += size;
  slots_[at] = std::move(fresh);
}

void hot_cache::forget(std::string_view id) {
  if (auto found = index_.find(id); found != index_.end()) remove(found->second);
}

void hot_cache::set_limits(size_t entries_max, size_t bytes_max) {
  entries_max_ = entries_max;
  bytes_max_ = bytes_max;
  while (index_.size() > entries_max_ || bytes_ > bytes_max_) evict_one();
}

std::vector<scan_count> hot_cache::take_counts() {
  // A slot may be in the list after its entry left, or twice after another came: then it has no hits.
  for (auto at : touched_) spill(slots_[at]);
  touched_.clear();
  return std::exchange(spilled_, {});
}

void hot_cache::spill(slot& s) {
  if (s.hits != 0) spilled_.push_back({s.scene.id, s.launch, std::exchange(s.hits, 0)});
}

void hot_cache::remove(size_t at) {
  auto& s = slots_[at];
  spill(s);
  bytes_ -= cost(s);
  index_.erase(index_.find(s.scene.id));
  s = slot{};
  free_.push_back(static_cast<uint32_t>(at));
}

void hot_cache::evict_one() {
  for (;; ++hand_) {
    if (hand_ >= slots_.size()) hand_ = 0;
    auto& s = slots_[hand_];
    if (!s.taken) continue;
    if (!std::exchange(s.used, false)) return remove(hand_++);
  }
}

} // namespace qrwell
