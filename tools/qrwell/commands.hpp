#pragma once

#include <CLI/App.hpp>

namespace qrwell::cli {

// Exit codes, the same for all commands (also in --help and docs/operating.md).
constexpr int exit_ok = 0;
constexpr int exit_failed = 1;      ///< what was asked could not be done, or verify found something
constexpr int exit_usage = 2;       ///< the command line or the configuration is wrong
constexpr int exit_unreachable = 3; ///< the node does not answer, or its data directory is held by another process
constexpr int exit_rejected = 4;    ///< import: some rows could not be taken, all others were

/// Each adds its subcommands; what they leave in `exit_code` is the program's.
void add_serve(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_key(CLI::App& app, int& exit_code);
void add_pool(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_recover(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

} // namespace qrwell::cli
