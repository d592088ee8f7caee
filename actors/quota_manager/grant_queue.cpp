#include "actors/quota_manager/grant_queue.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace qrwell {

bool grant_queue::add(waiting_request request) {
  if (waiting_.size() >= waiting_max_) return false;
  places_.erase(request.requester);
  auto& turn = turns_[request.requester];
  turn = std::max(turn, level_);
  waiting_.push_back(std::move(request));
  return true;
}

const waiting_request* grant_queue::next(quota_class use, int64_t now_ms) const {
  const waiting_request* best = nullptr;
  uint64_t best_turn = 0;
  for (const auto& r : waiting_) {
    if (r.ask.use != use) continue;
    auto turn = turns_.at(r.requester);
    if (best && turn >= best_turn) continue;
    best = &r;
    best_turn = turn;
  }
  if (best && use == quota_class::stock)
    for (const auto& [requester, until_ms] : places_)
      if (now_ms < until_ms && turns_.at(requester) < best_turn) return nullptr;
  return best;
}

void grant_queue::keep_place(uint64_t requester, int64_t until_ms) {
  places_[requester] = until_ms;
}

int64_t grant_queue::place_ends_ms(int64_t now_ms) const {
  auto out = std::numeric_limits<int64_t>::max();
  for (const auto& [requester, until_ms] : places_)
    if (until_ms > now_ms) out = std::min(out, until_ms);
  return out;
}

waiting_request grant_queue::take(uint64_t no, uint32_t units) {
  auto i = std::find_if(waiting_.begin(), waiting_.end(), [no](const auto& r) { return r.no == no; });
  if (i == waiting_.end()) return {};
  auto out = std::move(*i);
  waiting_.erase(i);
  if (units == 0) return out;
  auto& turn = turns_[out.requester];
  level_ = turn;
  turn += units;
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
  turns_.erase(requester);
  places_.erase(requester);
}

std::vector<waiting_request> grant_queue::drain() {
  return std::exchange(waiting_, {});
}

int64_t grant_queue::oldest_ms() const {
  return waiting_.empty() ? std::numeric_limits<int64_t>::max() : waiting_.front().since_ms;
}

} // namespace qrwell
