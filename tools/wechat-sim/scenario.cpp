#include "tools/wechat-sim/scenario.hpp"

#include <algorithm>
#include <utility>

#include "tools/wechat-sim/fault_commands.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr double second_us = 1e6;

/// Gives a setting back what it was; other settings may have changed meanwhile.
void give_back(sim_settings& live, const sim_settings& before, const json::value& kind) {
  if (kind == "latency") {
    live.latency_min_ms = before.latency_min_ms;
    live.latency_max_ms = before.latency_max_ms;
  } else if (kind == "limit") {
    live.limit_per_minute = before.limit_per_minute;
    live.limit_per_day = before.limit_per_day;
    live.limit_code = before.limit_code;
  } else if (kind == "ip_list") {
    live.allowed_ips = before.allowed_ips;
  }
}

} // namespace

void scenario_player::start(sim_state& state, scenario_script script, int64_t now_us) {
  stop(state);
  script_ = std::move(script);
  running_.assign(script_.steps.size(), {});
  for (std::size_t i = 0; i < script_.steps.size(); ++i) {
    const auto& step = script_.steps[i];
    events_.push_back({now_us + step.at_us, false, i});
    if (step.for_us) events_.push_back({now_us + step.at_us + *step.for_us, true, i});
  }
  std::ranges::stable_sort(events_, [](const event& a, const event& b) {
    return a.at_us != b.at_us ? a.at_us < b.at_us : a.is_end && !b.is_end;
  });
  started_us_ = now_us;
  is_there_ = true;
  advance(state, now_us);
}

void scenario_player::stop(sim_state& state) {
  for (std::size_t i = 0; i < running_.size(); ++i) end(state, i);
  forget();
}

void scenario_player::forget() {
  script_ = {};
  events_.clear();
  running_.clear();
  next_event_ = 0;
  is_there_ = false;
}

void scenario_player::advance(sim_state& state, int64_t now_us) {
  for (; next_event_ < events_.size() && events_[next_event_].at_us <= now_us; ++next_event_) {
    const auto& next = events_[next_event_];
    if (next.is_end)
      end(state, next.step);
    else
      begin(state, next.step, next.at_us);
  }
}

void scenario_player::begin(sim_state& state, std::size_t step, int64_t at_us) {
  auto& it = running_[step];
  const auto& script = script_.steps[step];
  auto before = state.live;
  auto done = carry_out(state, script.what, at_us);
  it.problem = done.problem;
  it.fault_id = done.fault_id;
  bool lasts = script.for_us || done.fault_id != 0;
  it.phase = lasts ? step_phase::active : step_phase::over;
  if (!done.problem.empty()) it.phase = step_phase::failed;
  if (script.for_us && done.fault_id == 0 && done.problem.empty()) it.before = std::move(before);
}

void scenario_player::end(sim_state& state, std::size_t step) {
  auto& it = running_[step];
  if (it.phase != step_phase::active) return;
  it.phase = step_phase::over;
  if (it.fault_id != 0) state.faults.remove(it.fault_id);
  if (it.before) give_back(state.live, *it.before, script_.steps[step].what.at("kind"));
}

json::value scenario_player::describe(int64_t now_us) const {
  if (!is_there_) return nullptr;
  json::array steps;
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const auto& step = script_.steps[i];
    static constexpr const char* names[] = {"waiting", "active", "over", "failed"};
    json::object shown{{"at_s", static_cast<double>(step.at_us) / second_us},
                       {"what", step.what},
                       {"phase", names[static_cast<std::size_t>(running_[i].phase)]}};
    if (step.for_us) shown["for_s"] = static_cast<double>(*step.for_us) / second_us;
    if (!running_[i].problem.empty()) shown["problem"] = running_[i].problem;
    steps.emplace_back(std::move(shown));
  }
  return json::object{{"name", script_.name},
                      {"elapsed_s", static_cast<double>(now_us - started_us_) / second_us},
                      {"over", next_event_ == events_.size()},
                      {"steps", steps}};
}

} // namespace qrwell::sim
