#include "actors/binding_persister/quarantine.hpp"

#include <algorithm>

namespace qrwell {

void quarantine::add(std::vector<waiting_bind> binds, int64_t now_ms) {
  if (held_.empty()) {
    since_ms_ = now_ms;
    // The first question at once: most often the store is there again, or the commit was only slow.
    ask_at_ms_ = now_ms;
    backoff_ms_ = 0;
  }
  for (auto& bind : binds) held_.push_back({std::move(bind), false});
}

std::optional<bind_resolve> quarantine::ask(int64_t now_ms) {
  if (asked_ > 0 || held_.empty() || now_ms < ask_at_ms_) return std::nullopt;
  asked_ = std::min(held_.size(), attempts_max_);
  bind_resolve out;
  out.attempts.reserve(asked_);
  for (size_t i = 0; i < asked_; ++i) out.attempts.push_back(held_[i].bind.request);
  return out;
}

std::vector<quarantine::answered> quarantine::settle(bind_group_result* answer, int64_t now_ms) {
  auto asked = std::exchange(asked_, 0);
  if (!answer || answer->results.size() != asked) {
    backoff_ms_ = backoff_ms_ == 0 ? backoff_min_ms_ : std::min(backoff_max_ms_, backoff_ms_ * 2);
    ask_at_ms_ = now_ms + backoff_ms_;
    return {};
  }
  std::vector<answered> out;
  out.reserve(asked);
  for (size_t i = 0; i < asked; ++i)
    out.push_back({std::move(held_[i].bind), held_[i].told, std::move(answer->results[i])});
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(asked));
  backoff_ms_ = 0;
  ask_at_ms_ = now_ms;
  if (held_.empty()) since_ms_ = 0;
  return out;
}

std::vector<const waiting_bind*> quarantine::overdue(int64_t now_ms) {
  std::vector<const waiting_bind*> out;
  for (auto& e : held_)
    if (!e.told && e.bind.from.deadline_ms <= now_ms) {
      e.told = true;
      out.push_back(&e.bind);
    }
  return out;
}

} // namespace qrwell
