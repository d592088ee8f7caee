#include "tools/qrwell/commands.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"A well of WeChat mini-program codes: fetched ahead of time, bound in milliseconds, resolved for ever."};
  app.name("qrwell");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.footer("Exit codes: 0 done; 1 could not be done, or verify found something; 2 the command line or the "
             "configuration is wrong;\n"
             "3 the node does not answer, or another process holds its data directory; 4 import rejected some rows.\n"
             "`qrwell COMMAND --help` explains each command; docs/operating.md is for operators.");
  int exit_code = qrwell::cli::exit_ok;
  qrwell::cli::add_serve(app, exit_code);
  qrwell::cli::add_demo(app, exit_code);
  qrwell::cli::add_status(app, exit_code);
  qrwell::cli::add_pool(app, exit_code);
  qrwell::cli::add_key(app, exit_code);
  qrwell::cli::add_verify(app, exit_code);
  qrwell::cli::add_export(app, exit_code);
  qrwell::cli::add_import(app, exit_code);
  qrwell::cli::add_recover(app, exit_code);
  qrwell::cli::add_config(app, exit_code);
  qrwell::cli::add_version(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? qrwell::cli::exit_ok : qrwell::cli::exit_usage;
  } catch (const std::exception& e) {
    // E.g. an answer of another form than a qrwell gives: --admin may name anything.
    std::fprintf(stderr, "qrwell: what came back is not understood: %s. Does --admin name a qrwell of this version?\n",
                 e.what());
    return qrwell::cli::exit_failed;
  }
  return exit_code;
}
