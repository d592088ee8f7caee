#pragma once

#include "config/settings.hpp"

#include <caf/expected.hpp>

namespace qrwell {

/// Reads a configuration file, strictly. All that is wrong with it is in the error's sentence, one line each:
/// `FILE:LINE: key.path: what is wrong; allowed: ...`. Relative paths in it stay as they are written, and so are
/// relative to the working directory. Reads secret files; creates nothing. Error: invalid_config.
caf::expected<settings> load_settings(const std::string& path);

/// The same for text that is already in memory; `name` stands for the file in errors.
caf::expected<settings> parse_settings(const std::string& text, const std::string& name);

/// One option whose value differs between two files.
struct settings_change {
  std::string path;          ///< as in "limits.body_bytes_max" or "pools[default].stock.low"
  std::string before, after; ///< as they would be written; "***" for secrets
  bool reloadable = false;   ///< false: pending restart
};

/// What differs, in the order of the option table. An app or pool that came or went is one change, pending restart.
std::vector<settings_change> diff_settings(const settings& before, const settings& after);

/// `running` with every reloadable difference taken from `fresh`: what a node works with after a re-read.
settings reload_settings(const settings& running, const settings& fresh);

} // namespace qrwell
