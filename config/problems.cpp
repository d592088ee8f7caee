#include "config/problems.hpp"

namespace qrwell::config {

int places::line(std::string path) const {
  for (;;) {
    if (auto it = lines_.find(path); it != lines_.end()) return it->second;
    auto cut = path.find_last_of(".[");
    if (cut == std::string::npos) return 1;
    path.resize(cut);
  }
}

std::string problems::format(int line, const std::string& path, std::string_view what, std::string_view allowed) const {
  auto out = fmt::format("{}:{}: {}{}{}", file_, line, path, path.empty() ? "" : ": ", what);
  return allowed.empty() ? out : fmt::format("{}; allowed: {}", out, allowed);
}

void problems::add(const std::string& path, std::string_view what, std::string_view allowed) {
  add_at(where_.line(path), path, what, allowed);
}

void problems::add_at(int line, const std::string& path, std::string_view what, std::string_view allowed) {
  wrong_.emplace(line, format(line, path, what, allowed));
}

void problems::warn(const std::string& path, std::string_view what) {
  auto line = where_.line(path);
  odd_.emplace(line, format(line, path, what, {}));
}

std::string problems::wrong() const {
  std::string out;
  for (auto& [line, text] : wrong_) out += (out.empty() ? "" : "\n") + text;
  return out;
}

std::vector<std::string> problems::warnings() const {
  std::vector<std::string> out;
  for (auto& [line, text] : odd_) out.push_back(text);
  return out;
}

} // namespace qrwell::config
