#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/command_line.hpp"
#include "tools/wechat-sim/http_server.hpp"
#include "tools/wechat-sim/launch_command.hpp"
#include "tools/wechat-sim/scenario_file.hpp"
#include "tools/wechat-sim/sim_clock.hpp"
#include "tools/wechat-sim/sim_core.hpp"

namespace {

/// Asks the kernel to end this process with its parent, who may have died before the call.
bool tie_to_parent(pid_t parent) {
  return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

/// False if one of them cannot be listened on, which has been printed.
bool listen(qrwell::sim::http_server& server, const qrwell::sim::command_line& options) {
  using qrwell::sim::listener_kind;
  auto add = [&](const qrwell::sim::listen_address& here, listener_kind kind) {
    std::string problem;
    auto port = server.listen(here.address, here.port, problem, kind);
    if (port == 0)
      fmt::print(stderr, "wechat-sim: {}\n", problem);
    else
      fmt::print("{} on {}:{}\n", kind == listener_kind::control ? "control" : "listening", here.address, port);
    return port != 0;
  };
  for (const auto& here : options.listen)
    if (!add(here, listener_kind::wechat)) return false;
  return !options.control || add(*options.control, listener_kind::control);
}

/// False if the scenario is wrong, which has been printed.
bool play(qrwell::sim::sim_core& core, const qrwell::sim::command_line& options) {
  if (options.scenario_file.empty()) return true;
  auto read = qrwell::sim::read_scenario_file(options.scenario_file, options.settings);
  if (auto* problems = std::get_if<qrwell::sim::scenario_problems>(&read)) {
    for (const auto& problem : *problems) fmt::print(stderr, "{}\n", problem);
    return false;
  }
  core.play(std::get<qrwell::sim::scenario_script>(std::move(read)), qrwell::sim::now_us());
  return true;
}

int run(const qrwell::sim::command_line& options) {
  qrwell::sim::sim_core core{options.settings};
  if (!play(core, options)) return 2;
  boost::asio::io_context io{1};
  qrwell::sim::http_server server{io, core};
  boost::asio::signal_set signals{io, SIGTERM, SIGINT};
  signals.async_wait([&io](const auto&, int) { io.stop(); });
  if (!listen(server, options)) return 1;
  std::fflush(stdout);
  io.run();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto parent = getppid();
  try {
    if (argc > 1 && std::string_view{argv[1]} == "launch") return qrwell::sim::run_launch_command(argc - 1, argv + 1);
    auto parsed = qrwell::sim::parse_command_line(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    if (parsed.options->exit_with_parent && !tie_to_parent(parent)) return 1;
    return run(*parsed.options);
  } catch (const std::exception& e) {
    fmt::print(stderr, "wechat-sim: {}\n", e.what());
    return 1;
  }
}
