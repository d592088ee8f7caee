#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qrwell {

/// Jobs that wait for one engine, in lanes: the first lane goes first. Each lane is bounded, and none starves: one that
/// was passed over `passed_max` times is served next, so that a flood in a higher lane delays a lower one by that many
/// jobs and no more.
template <class Job>
class lane_queue {
public:
  static constexpr uint32_t passed_max = 16;

  lane_queue(std::vector<std::string> names, size_t waiting_max)
      : waiting_max_(waiting_max) {
    for (auto& name : names) lanes_.push_back({std::move(name), {}, 0, 0, 0});
  }

  /// Takes the job away. False, and the job is left where it is, when the lane is full.
  bool push_from(size_t to, Job& job) {
    auto& l = lanes_[to];
    if (l.jobs.size() >= waiting_max_) {
      ++l.refused;
      return false;
    }
    l.jobs.push_back(std::move(job));
    ++waiting_;
    return true;
  }
  bool push(size_t to, Job job) { return push_from(to, job); }

  /// The next job; none when nothing waits.
  std::optional<Job> pop() {
    auto* chosen = choose();
    if (!chosen) return std::nullopt;
    for (auto& l : lanes_)
      if (&l != chosen && !l.jobs.empty()) ++l.passed;
    chosen->passed = 0;
    ++chosen->taken;
    --waiting_;
    std::optional<Job> job{std::move(chosen->jobs.front())};
    chosen->jobs.pop_front();
    return job;
  }

  size_t waiting() const noexcept { return waiting_; }

  struct lane {
    std::string name;
    std::deque<Job> jobs;
    uint32_t passed = 0; ///< times that another lane was served while this one waited
    uint64_t taken = 0, refused = 0;
  };
  const std::deque<lane>& lanes() const noexcept { return lanes_; }

private:
  lane* choose() {
    lane* first = nullptr;
    for (auto& l : lanes_) {
      if (l.jobs.empty()) continue;
      if (l.passed >= passed_max) return &l;
      if (!first) first = &l;
    }
    return first;
  }

  std::deque<lane> lanes_;
  size_t waiting_max_, waiting_ = 0;
};

} // namespace qrwell
