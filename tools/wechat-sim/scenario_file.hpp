#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/wechat-sim/scenario.hpp"
#include "tools/wechat-sim/sim_settings.hpp"

namespace qrwell::sim {

/// Sentences about what is wrong, each with `NAME:LINE:` in front.
using scenario_problems = std::vector<std::string>;

/// Reads a scenario, which README.md describes, and tries each of its steps on a simulator with these settings, so that
/// what is read can be played. `name` is the file's, for the sentences.
std::variant<scenario_script, scenario_problems> read_scenario(std::string_view yaml, const std::string& name,
                                                               const sim_settings& settings);

/// The same from a file of 64 KB at the most.
std::variant<scenario_script, scenario_problems> read_scenario_file(const std::string& path,
                                                                    const sim_settings& settings);

} // namespace qrwell::sim
