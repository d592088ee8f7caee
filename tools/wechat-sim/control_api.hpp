#pragma once

#include <cstdint>

#include "tools/wechat-sim/scenario.hpp"
#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// The page at `/` and the calls below /sim/, by which a test watches the simulator and breaks things. See README.md.
class control_api {
public:
  control_api(sim_state& state, scenario_player& scenario)
      : state_(state)
      , scenario_(scenario) {}

  static bool is_for_it(std::string_view path) { return path == "/" || path.starts_with("/sim/"); }

  sim_answer handle(const sim_request& request, int64_t now_us);

private:
  boost::json::object state(int64_t now_us);
  sim_answer show_page(int64_t now_us);
  sim_answer show_scenes(const sim_request& request) const;
  sim_answer set_faults(const sim_request& request, int64_t now_us);
  sim_answer set_scenario(const sim_request& request, int64_t now_us);
  sim_answer release_pages(const sim_request& request);
  sim_answer reset(const sim_request& request);

  sim_state& state_;
  scenario_player& scenario_;
};

} // namespace qrwell::sim
