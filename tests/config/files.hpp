#pragma once

#include "config/loader.hpp"
#include "messages/errors.hpp"
#include "tests/support/temp_dir.hpp"

#include <fstream>
#include <sstream>

namespace qrwell::test {

inline std::string read_all(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

inline void write_all(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

/// A whole small configuration; `more` goes to the end of its only pool.
inline std::string small_config(const std::string& more = "") {
  return "apps:\n"
         "  - name: homes\n"
         "    appid: wx0123456789abcdef\n"
         "    secret: not-for-show\n"
         "pools:\n"
         "  - name: default\n"
         "    app: homes\n"
         "    page: pages/qr/index\n" +
         more;
}

/// What is wrong with a text, a line each; empty when it is right.
inline std::string problems_of(const std::string& text) {
  auto read = parse_settings(text, "q.yaml");
  return read ? "" : render(read.error()).substr(std::string("invalid_config: ").size());
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace qrwell::test
