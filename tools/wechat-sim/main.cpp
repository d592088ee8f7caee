#include <csignal>
#include <cstdio>
#include <string>

#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/command_line.hpp"
#include "tools/wechat-sim/http_server.hpp"
#include "tools/wechat-sim/sim_core.hpp"

namespace {

/// Asks the kernel to end this process with its parent, who may have died before the call.
bool tie_to_parent(pid_t parent) {
  return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

int run(const qrwell::sim::command_line& options) {
  qrwell::sim::sim_core core{options.settings};
  boost::asio::io_context io{1};
  qrwell::sim::http_server server{io, core};
  boost::asio::signal_set signals{io, SIGTERM, SIGINT};
  signals.async_wait([&io](const auto&, int) { io.stop(); });
  std::string problem;
  auto port = server.listen(options.address, options.port, problem);
  if (port == 0) {
    fmt::print(stderr, "wechat-sim: {}\n", problem);
    return 1;
  }
  fmt::print("listening on {}:{}\n", options.address, port);
  std::fflush(stdout);
  io.run();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto parent = getppid();
  try {
    auto parsed = qrwell::sim::parse_command_line(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    if (parsed.options->exit_with_parent && !tie_to_parent(parent)) return 1;
    return run(*parsed.options);
  } catch (const std::exception& e) {
    fmt::print(stderr, "wechat-sim: {}\n", e.what());
    return 1;
  }
}
