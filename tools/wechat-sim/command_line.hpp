#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/wechat-sim/sim_settings.hpp"

namespace qrwell::sim {

struct listen_address {
  std::string address;
  uint16_t port = 0;
};

struct command_line {
  /// One or more.
  std::vector<listen_address> listen;
  std::optional<listen_address> control;
  /// Empty: none.
  std::string scenario_file;
  bool exit_with_parent = false;
  sim_settings settings;
};

struct parsed_command_line {
  /// Empty if the program has nothing to do: after --help, or after a mistake, which has been printed.
  std::optional<command_line> options;
  int exit_code = 0;
};

parsed_command_line parse_command_line(int argc, const char* const* argv);

} // namespace qrwell::sim
