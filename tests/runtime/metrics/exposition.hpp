#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qrwell::test {

/// One sample of the text format.
struct sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// A strict reader of the Prometheus text format 0.0.4: nothing but comments, HELP, TYPE and samples; nullopt when a
/// line is anything else.
std::optional<std::vector<sample>> read_exposition(const std::string& text);

} // namespace qrwell::test
