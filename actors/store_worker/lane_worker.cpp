#include "actors/store_worker/lane_worker.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace qrwell {
namespace {

constexpr auto slow_job = std::chrono::seconds(1);

double as_ms(std::chrono::microseconds t) {
  return static_cast<double>(t.count()) / 1'000.0;
}

bool is_engines_fault(ec code) {
  return code == ec::store_failed || code == ec::store_corrupt || code == ec::disk_full ||
         code == ec::outcome_unknown || code == ec::unavailable || code == ec::store_busy;
}

} // namespace

lane_desk::~lane_desk() {
  while (auto j = queue_.pop())
    j->refuse(fail(ec::shutting_down, kind_ + " " + cfg_.name + " ends; this was not done"));
}

void lane_desk::accept(size_t lane, job&& j) {
  if (queue_.push_from(lane, j)) return;
  j.refuse(fail(ec::overloaded, fmt::format("{} {}: {} jobs wait in lane {} already; try again later", kind_, cfg_.name,
                                            cfg_.lane_waiting_max, queue_.lanes()[lane].name)));
}

bool lane_desk::wants_tick() {
  if (tick_under_way_ || queue_.waiting() == 0) return false;
  return tick_under_way_ = true;
}

std::optional<lane_desk::report>
lane_desk::run_next(const std::function<std::chrono::steady_clock::time_point()>& now) {
  tick_under_way_ = false;
  auto j = queue_.pop();
  if (!j) return std::nullopt;
  auto begun = now();
  caf::error err;
  try {
    err = j->run();
  } catch (const std::exception& e) {
    err = fail(ec::internal, fmt::format("{} {}: {} ended with an exception: {}", kind_, cfg_.name, j->name, e.what()));
    j->refuse(err);
  }
  return note(*j, std::chrono::duration_cast<std::chrono::microseconds>(now() - begun), err);
}

lane_desk::report lane_desk::note(const job& j, std::chrono::microseconds took, const caf::error& err) {
  ++done_;
  busy_ += took;
  if (took > slowest_took_) slowest_took_ = took, slowest_ = j.name;
  auto code = code_of(err);
  if (err) ++failed_;
  problem_ = is_engines_fault(code) ? err : caf::error{};
  if (code == ec::store_corrupt && !std::exchange(told_fatal_, true) && cfg_.on_fatal) cfg_.on_fatal(err);
  return {j.name, took, problem_};
}

void write_down(const lane_desk::report& r, const log::voice& who, std::string_view worker, log::limiter& faults,
                log::limiter& slow_jobs, int64_t now_ms) {
  if (r.took > slow_job)
    if (auto held_back = slow_jobs.admit(r.job, now_ms))
      who.warn("slow job",
               {{"worker", worker}, {"job", r.job}, {"took_ms", as_ms(r.took)}, {"lines_held_back", *held_back}});
  if (!r.fault) return;
  auto kind = to_string(code_of(r.fault));
  if (auto held_back = faults.admit(kind, now_ms))
    who.error("store error", {{"worker", worker},
                              {"job", r.job},
                              {"kind", kind},
                              {"why", render(r.fault)},
                              {"lines_held_back", *held_back}});
}

actor_status lane_desk::status() const {
  boost::json::object lanes;
  for (auto& l : queue_.lanes())
    lanes[l.name] = {{"waiting", l.jobs.size()}, {"taken", l.taken}, {"refused", l.refused}};
  boost::json::object facts{{"done", done_},
                            {"failed", failed_},
                            {"busy_ms", as_ms(busy_)},
                            {"slowest", {{"job", slowest_}, {"ms", as_ms(slowest_took_)}}},
                            {"lanes", std::move(lanes)}};
  return {kind_, cfg_.name, problem_ ? render(problem_) : std::string{}, boost::json::serialize(facts)};
}

} // namespace qrwell
