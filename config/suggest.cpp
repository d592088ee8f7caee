#include "config/suggest.hpp"

namespace qrwell::config {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      auto change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 64) return "";
  const std::string* best = nullptr;
  auto nearest = std::max<size_t>(1, word.size() / 3) + 1;
  for (auto& candidate : known) {
    auto distance = edit_distance(word, candidate);
    if (distance >= nearest) continue;
    nearest = distance;
    best = &candidate;
  }
  return best == nullptr ? "" : fmt::format(", did you mean \"{}\"?", *best);
}

} // namespace qrwell::config
