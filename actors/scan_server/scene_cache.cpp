#include "actors/scan_server/scene_cache.hpp"

#include <algorithm>

namespace qrwell {

scene_cache::hit scene_cache::find(std::string_view id) {
  auto at = index_.find(id);
  if (at == index_.end()) return {};
  auto it = at->second;
  auto frequent = it->is_protected;
  protected_.splice(protected_.begin(), frequent ? protected_ : probation_, it);
  it->is_protected = true;
  shrink();
  return {&it->value, frequent, it->asked_ms};
}

void scene_cache::put(scene entry, int64_t asked_ms) {
  if (entries_max_ == 0) return;
  if (auto at = index_.find(entry.id); at != index_.end()) {
    // A look-up that was under way while the code changed may bring the older version: the newer one stays.
    if (entry.version >= at->second->value.version) {
      entry.id = std::string(at->first);
      auto& value = at->second->value;
      value.state = entry.state;
      value.version = entry.version;
      value.path = std::move(entry.path);
      value.query = std::move(entry.query);
      value.expires_ms = entry.expires_ms;
      at->second->asked_ms = std::max(asked_ms, at->second->asked_ms);
    }
    return;
  }
  probation_.push_front({std::move(entry), false, asked_ms});
  index_.emplace(probation_.front().value.id, probation_.begin());
  shrink();
}

void scene_cache::forget(std::string_view id) {
  auto at = index_.find(id);
  if (at == index_.end()) return;
  auto it = at->second;
  index_.erase(at);
  (it->is_protected ? protected_ : probation_).erase(it);
}

void scene_cache::shrink() {
  while (protected_.size() > protected_max_ && !protected_.empty()) {
    auto last = std::prev(protected_.end());
    last->is_protected = false;
    probation_.splice(probation_.begin(), protected_, last);
  }
  while (index_.size() > entries_max_) {
    auto& from = probation_.empty() ? protected_ : probation_;
    index_.erase(from.back().value.id);
    from.pop_back();
  }
}

} // namespace qrwell
