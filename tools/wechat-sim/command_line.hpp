#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/wechat-sim/sim_settings.hpp"

namespace qrwell::sim {

struct command_line {
  std::string address = "127.0.0.1";
  uint16_t port = 0;
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
