#pragma once

#include <string>

// The option table, as people and programs read it. docs/configuration.md and config/qrwell.example.yaml are outputs of
// these functions; a test holds the files to them.

namespace qrwell {

std::string reference_text();     ///< for a terminal
std::string reference_json();     ///< an array of objects, one per option
std::string reference_markdown(); ///< docs/configuration.md
std::string example_file();       ///< config/qrwell.example.yaml

} // namespace qrwell
