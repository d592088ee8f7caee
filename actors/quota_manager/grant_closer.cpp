#include "actors/quota_manager/grant_closer.hpp"

#include <algorithm>
#include <limits>

namespace qrwell {

std::vector<uint64_t> grant_closer::add(grant_close end, uint64_t asker) {
  std::vector<uint64_t> out;
  auto [i, is_new] = ends_.try_emplace({end.epoch, end.seq});
  auto& e = i->second;
  if (is_new) e.end = std::move(end);
  if (asker != 0) e.askers.push_back(asker);
  if (e.askers.size() > askers_max) {
    out.push_back(e.askers.front());
    e.askers.erase(e.askers.begin());
  }
  return out;
}

const grant_closed* grant_closer::written(grant_key key) const {
  for (const auto& [k, result] : remembered_)
    if (k == key) return &result;
  return nullptr;
}

std::vector<grant_close> grant_closer::due(int64_t now_ms) {
  std::vector<grant_close> out;
  for (auto& [key, e] : ends_) {
    if (e.under_way || (e.failures > 0 && e.retry_at_ms > now_ms)) continue;
    e.under_way = true;
    out.push_back(e.end);
  }
  return out;
}

grant_closer::answer grant_closer::wrote(grant_key key, grant_closed result) {
  auto i = ends_.find(key);
  if (i == ends_.end()) return {};
  answer out{std::move(i->second.askers), result};
  ends_.erase(i);
  remembered_.emplace_back(key, std::move(result));
  if (remembered_.size() > remembered_max) remembered_.pop_front();
  return out;
}

void grant_closer::failed(grant_key key, int64_t now_ms) {
  auto i = ends_.find(key);
  if (i == ends_.end()) return;
  auto& e = i->second;
  e.under_way = false;
  e.retry_at_ms = now_ms + std::min(retry_max_ms, retry_min_ms << std::min(e.failures, 10u));
  ++e.failures;
}

int64_t grant_closer::next_ms() const {
  auto next = std::numeric_limits<int64_t>::max();
  for (const auto& [key, e] : ends_)
    if (!e.under_way) next = std::min(next, e.failures > 0 ? e.retry_at_ms : std::numeric_limits<int64_t>::min());
  return next;
}

uint32_t grant_closer::failures() const {
  uint32_t most = 0;
  for (const auto& [key, e] : ends_) most = std::max(most, e.failures);
  return most;
}

} // namespace qrwell
