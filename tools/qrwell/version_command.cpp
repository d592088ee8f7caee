#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"

#include <fmt/format.h>

namespace qrwell::cli {

void add_version(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("version", "Shows the version of this program.");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as JSON");
  command->callback([json, &exit_code] {
    print(*json ? R"({"name":"qrwell","version":")" QRWELL_VERSION "\"}" : "qrwell " QRWELL_VERSION);
    exit_code = exit_ok;
  });
}

} // namespace qrwell::cli
