#include "actors/quota_manager/grant_queue.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace qrwell {

bool grant_queue::add(waiting_request request) {
  if (waiting_.size() >= waiting_max_) return false;
  waiting_.push_back(std::move(request));
  return true;
}

const waiting_request* grant_queue::next(quota_class use) const {
  const waiting_request* best = nullptr;
  uint64_t best_turn = 0;
  for (const auto& r : waiting_) {
    if (r.ask.use != use) continue;
    auto served = served_.find(r.requester);
    auto turn = served == served_.end() ? 0 : served->second;
    if (best && turn >= best_turn) continue;
    best = &r;
    best_turn = turn;
  }
  return best;
}

waiting_request grant_queue::take(uint64_t no, bool served) {
  auto i = std::find_if(waiting_.begin(), waiting_.end(), [no](const auto& r) { return r.no == no; });
  if (i == waiting_.end()) return {};
  auto out = std::move(*i);
  waiting_.erase(i);
  if (served) served_[out.requester] = ++turn_;
  return out;
}

std::vector<uint64_t> grant_queue::older_than(int64_t since_ms) const {
  std::vector<uint64_t> out;
  for (const auto& r : waiting_)
    if (r.since_ms <= since_ms) out.push_back(r.no);
  return out;
}

void grant_queue::forget(uint64_t requester) {
  std::erase_if(waiting_, [requester](const auto& r) { return r.requester == requester; });
  served_.erase(requester);
}

std::vector<waiting_request> grant_queue::drain() {
  return std::exchange(waiting_, {});
}

int64_t grant_queue::oldest_ms() const {
  return waiting_.empty() ? std::numeric_limits<int64_t>::max() : waiting_.front().since_ms;
}

} // namespace qrwell
