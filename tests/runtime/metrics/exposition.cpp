#include "tests/runtime/metrics/exposition.hpp"

#include <cstdlib>
#include <regex>
#include <sstream>

namespace qrwell::test {
namespace {

bool read_labels(const std::string& line, size_t& at, sample& out) {
  static const std::regex name("[a-zA-Z_][a-zA-Z0-9_]*");
  while (at < line.size() && line[at] != '}') {
    auto equals = line.find("=\"", at);
    if (equals == std::string::npos) return false;
    auto key = line.substr(at, equals - at);
    if (!std::regex_match(key, name)) return false;
    std::string value;
    for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
      if (line[at] != '\\') {
        value += line[at];
        continue;
      }
      if (++at == line.size()) return false;
      if (line[at] == 'n')
        value += '\n';
      else if (line[at] == '\\' || line[at] == '"')
        value += line[at];
      else
        return false;
    }
    if (at == line.size() || !out.labels.emplace(key, value).second) return false;
    ++at;
    if (at < line.size() && line[at] == ',') ++at;
  }
  return at++ < line.size();
}

} // namespace

std::optional<std::vector<sample>> read_exposition(const std::string& text) {
  static const std::regex comment("# (HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*|TYPE [a-zA-Z_:][a-zA-Z0-9_:]* "
                                  "(counter|gauge|histogram))");
  static const std::regex name("[a-zA-Z_:][a-zA-Z0-9_:]*");
  std::vector<sample> out;
  if (!text.empty() && text.back() != '\n') return std::nullopt;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) return std::nullopt;
    if (line[0] == '#') {
      if (!std::regex_match(line, comment)) return std::nullopt;
      continue;
    }
    sample s;
    auto at = line.find_first_of("{ ");
    if (at == std::string::npos) return std::nullopt;
    s.name = line.substr(0, at);
    if (!std::regex_match(s.name, name)) return std::nullopt;
    if (line[at] == '{' && !read_labels(line, ++at, s)) return std::nullopt;
    if (at >= line.size() || line[at] != ' ') return std::nullopt;
    char* end = nullptr;
    s.value = std::strtod(line.c_str() + at + 1, &end);
    if (end == line.c_str() + at + 1 || *end != '\0') return std::nullopt;
    out.push_back(std::move(s));
  }
  return out;
}

} // namespace qrwell::test
