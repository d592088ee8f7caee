#pragma once

#include "actors/store_worker/lane_queue.hpp"
#include "actors/store_worker/worker_config.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>

namespace qrwell {

/// What an engine's call answers to its client: `done` for a call that has nothing to say.
template <class T>
struct answer_of;
template <class T>
struct answer_of<caf::expected<T>> {
  using type = T;
};
template <>
struct answer_of<caf::expected<void>> {
  using type = done;
};

/// The state of a store worker: an engine that blocks, and the jobs that wait for it. The worker puts every message
/// into its lane and runs one job per tick of its own, so that messages that are in the mailbox already are ordered
/// before the next job runs.
class lane_desk {
public:
  struct job {
    const char* name = "";
    std::function<caf::error()> run;               ///< answers its client; returns the engine's error
    std::function<void(const caf::error&)> refuse; ///< answers its client without the engine
  };

  /// One job that was run.
  struct report {
    const char* job = "";
    std::chrono::microseconds took{0};
    caf::error fault; ///< the engine's; what the client did wrong is none
  };

  lane_desk(std::string kind, store_worker_config cfg, std::vector<std::string> lanes)
      : kind_(std::move(kind))
      , cfg_(std::move(cfg))
      , queue_(std::move(lanes), cfg_.lane_waiting_max) {}

  /// Nobody waits for ever on a worker that ends: what is left is refused.
  ~lane_desk();
  lane_desk(const lane_desk&) = delete;
  lane_desk& operator=(const lane_desk&) = delete;

  /// Refuses the job with `overloaded` when its lane is full.
  void accept(size_t lane, job&& j);

  /// True once per need: the caller sends itself a tick.
  bool wants_tick();

  /// Runs the next job; `now` is asked before and after it. None: nothing waits.
  std::optional<report> run_next(const std::function<std::chrono::steady_clock::time_point()>& now);

  actor_status status() const;

  const store_worker_config& config() const noexcept { return cfg_; }

private:
  report note(const job& j, std::chrono::microseconds took, const caf::error& err);

  std::string kind_;
  store_worker_config cfg_;
  lane_queue<job> queue_;
  bool tick_under_way_ = false, told_fatal_ = false;
  uint64_t done_ = 0, failed_ = 0;
  const char* slowest_ = "";
  std::chrono::microseconds slowest_took_{0}, busy_{0};
  caf::error problem_; ///< the last job's, if it was the engine's fault
};

/// How long a worker that gives way rests after a job, whether others wait or not: a flood of such jobs takes a
/// thirtieth of a processor, or more when each is long, since whoever goes from page to page waits for the rest, too.
/// More would show in the p99 of scans, whose answers leave by the same front end (promise P9).
constexpr std::chrono::microseconds rest_after(std::chrono::microseconds took) {
  return std::min(29 * took, std::chrono::microseconds{40'000});
}

template <class Engine>
struct lane_worker_state {
  std::unique_ptr<Engine> engine;
  std::chrono::steady_clock::time_point rests_until{};
  log::limiter faults, slow_jobs;
  std::unique_ptr<lane_desk> desk; ///< after the engine: its destructor refuses jobs that refer to it
};

/// The next job runs when the messages that are here are in their lanes, and the worker has rested.
template <class Self>
void send_tick(Self* self) {
  auto rest = self->state.rests_until - self->clock().now();
  if (rest > rest.zero())
    self->delayed_send(self, rest, tick{});
  else
    self->send(self, tick{});
}

/// The body of every handler: `ask` becomes a job of `lane`, which calls `call(engine, ask)` and answers.
template <class Self, class Ask, class Call>
auto in_lane(Self* self, size_t lane, const char* name, Ask& ask, Call call) {
  using result = decltype(call(*self->state.engine, std::as_const(ask)));
  using answer = typename answer_of<result>::type;
  auto promise = self->template make_response_promise<answer>();
  lane_desk::job job;
  job.name = name;
  job.refuse = [promise](const caf::error& err) mutable { promise.deliver(err); };
  job.run = [self, promise, ask = std::move(ask), call]() mutable -> caf::error {
    auto out = call(*self->state.engine, std::as_const(ask));
    if (!out) {
      promise.deliver(out.error());
      return out.error();
    }
    if constexpr (std::is_same_v<answer, done>)
      promise.deliver(done{});
    else
      promise.deliver(std::move(*out));
    return {};
  };
  self->state.desk->accept(lane, std::move(job));
  if (self->state.desk->wants_tick()) send_tick(self);
  return promise;
}

/// Writes down what an operator should know of a job: the engine's faults, once per kind and 10 s, and jobs that took
/// longer than a second.
void write_down(const lane_desk::report& r, const log::voice& who, std::string_view worker, log::limiter& faults,
                log::limiter& slow_jobs, int64_t now_ms);

/// The handler of tick.
template <class Self>
void run_next_job(Self* self) {
  auto& st = self->state;
  auto ran = st.desk->run_next([self] { return self->clock().now(); });
  if (ran && st.desk->config().gives_way) st.rests_until = self->clock().now() + rest_after(ran->took);
  if (ran)
    write_down(*ran, log::voice(std::string(st.name)), st.desk->config().name, st.faults, st.slow_jobs, mono_ms(self));
  if (self->state.desk->wants_tick()) send_tick(self);
}

} // namespace qrwell
