#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// One line of a scenario: from `at` on, for a while or for good, something is wrong.
struct scenario_step {
  int64_t at_us = 0;
  /// Without one it lasts until the end, or is an event.
  std::optional<int64_t> for_us;
  /// As POST /sim/faults takes it.
  boost::json::object what;
  /// In its file, from 1.
  int line = 0;
};

struct scenario_script {
  static constexpr std::size_t steps_max = 256;

  std::string name;
  std::vector<scenario_step> steps;
};

/// Plays a script: what begins and ends when. Only `advance` moves it, so that time is the caller's.
class scenario_player {
public:
  /// Puts an end to the one before.
  void start(sim_state& state, scenario_script script, int64_t now_us);
  /// Takes back what is in force. Without one under way it does nothing.
  void stop(sim_state& state);
  /// Forgets the script without a trace, for a state that was reset.
  void forget();
  /// Carries out everything up to now, in order of time; an end comes before a beginning of the same moment.
  void advance(sim_state& state, int64_t now_us);

  /// null without a scenario.
  boost::json::value describe(int64_t now_us) const;

private:
  enum class step_phase { waiting, active, over, failed };

  struct event {
    int64_t at_us;
    bool is_end;
    std::size_t step;
  };

  struct running {
    step_phase phase = step_phase::waiting;
    uint64_t fault_id = 0;
    /// What a setting was before.
    std::optional<sim_settings> before;
    std::string problem;
  };

  void begin(sim_state& state, std::size_t step, int64_t at_us);
  void end(sim_state& state, std::size_t step);

  scenario_script script_;
  std::vector<event> events_;
  std::vector<running> running_;
  std::size_t next_event_ = 0;
  int64_t started_us_ = 0;
  bool is_there_ = false;
};

} // namespace qrwell::sim
