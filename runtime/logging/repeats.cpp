#include "runtime/logging/repeats.hpp"

#include <vector>

namespace qrwell::log {
namespace {

std::string without_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c < '0' || c > '9')
      out += c;
    else if (out.empty() || out.back() != '#')
      out += '#';
  }
  return out;
}

} // namespace

std::optional<uint64_t> limiter::admit(std::string_view kind, int64_t now_ms) {
  auto at = kinds_.find(kind);
  if (at == kinds_.end()) {
    if (kinds_.size() + 1 >= kinds_max) kind = "";
    at = kinds_.find(kind);
  }
  if (at == kinds_.end()) {
    kinds_.emplace(kind, seen{now_ms, 0});
    return 0;
  }
  auto& one = at->second;
  if (now_ms - one.told_ms < every_ms_) {
    ++one.held_back;
    return std::nullopt;
  }
  one.told_ms = now_ms;
  return std::exchange(one.held_back, 0);
}

trouble::news trouble::see(std::string_view sentence, int64_t now_ms) {
  if (sentence == last_sentence_) return news::none;
  last_sentence_ = sentence;
  auto kind = without_numbers(sentence);
  if (kind == present_) return news::none;
  if (kind.empty()) {
    present_.clear();
    return news::ends;
  }
  if (kind == told_ && now_ms - told_ms_ < again_ms_) {
    last_sentence_.clear(); // to be told later, if it is still there then
    return news::none;
  }
  present_ = told_ = std::move(kind);
  told_ms_ = now_ms;
  return news::begins;
}

void trouble::tell(const voice& who, std::string_view message, std::string_view sentence, int64_t now_ms, fields more) {
  auto what = see(sentence, now_ms);
  if (what == news::none) return;
  std::vector<field> all;
  if (what == news::begins) all.emplace_back("why", sentence);
  all.insert(all.end(), more.begin(), more.end());
  if (what == news::begins)
    who.write(level::warn, message, std::span<const field>(all));
  else
    who.write(level::info, std::string(message) + ": over", std::span<const field>(all));
}

} // namespace qrwell::log
