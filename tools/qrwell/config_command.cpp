#include "config/loader.hpp"
#include "config/reference.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"

#include <fmt/format.h>

namespace qrwell::cli {

void add_config(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("config", "The configuration file.");
  command->require_subcommand(1);

  auto* check = command->add_subcommand("check", "Reads a file as `serve` does and says all that is wrong with it.");
  auto file = std::make_shared<std::string>("qrwell.yaml");
  auto check_json = std::make_shared<bool>(false);
  check->add_option("-c,--config", *file, "the configuration file")->capture_default_str();
  check->add_flag("--json", *check_json, "answer as JSON");
  check->callback([=, &exit_code] {
    auto cfg = load_settings(*file);
    if (!cfg) {
      exit_code = complain(cfg.error());
      return;
    }
    for (const auto& warning : cfg->warnings) print("warning: " + warning);
    print(*check_json ? R"({"ok":true})"
                      : fmt::format("{} is right: {} apps, {} pools", *file, cfg->apps.size(), cfg->pools.size()));
    exit_code = exit_ok;
  });

  auto* reference =
      command->add_subcommand("reference", "Shows every option with its type, default, range and meaning.");
  auto as_json = std::make_shared<bool>(false), as_markdown = std::make_shared<bool>(false),
       as_example = std::make_shared<bool>(false);
  reference->add_flag("--json", *as_json, "as JSON");
  reference->add_flag("--markdown", *as_markdown, "as docs/configuration.md");
  reference->add_flag("--example", *as_example, "as config/qrwell.example.yaml");
  reference->callback([=, &exit_code] {
    auto text = *as_json       ? reference_json()
                : *as_markdown ? reference_markdown()
                : *as_example  ? example_file()
                               : reference_text();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    print(text);
    exit_code = exit_ok;
  });
}

} // namespace qrwell::cli
