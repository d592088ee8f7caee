#include "config/loader.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"
#include "tools/qrwell/serve.hpp"

namespace qrwell::cli {

void add_serve(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("serve", "Runs a node until SIGTERM or SIGINT; SIGHUP re-reads the configuration.");
  auto file = std::make_shared<std::string>("qrwell.yaml");
  command->add_option("-c,--config", *file, "the configuration file (`qrwell config reference` explains it)")
      ->capture_default_str();
  command->callback([file, &exit_code] {
    auto cfg = load_settings(*file);
    exit_code = cfg ? serve(*cfg) : complain(cfg.error());
  });
}

} // namespace qrwell::cli
