#include "actors/pool_stocker/demand_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

constexpr int64_t minute_ms = 60'000, hour_ms = 60 * minute_ms;

std::string in_words(double minutes) {
  if (minutes < 1) return "less than a minute";
  auto whole = static_cast<uint64_t>(std::min(minutes, 1e9));
  if (whole >= 48 * 60) return fmt::format("{} days", whole / (24 * 60));
  if (whole >= 60) return fmt::format("{} h {} min", whole / 60, whole % 60);
  return fmt::format("{} min", whole);
}

} // namespace

void demand_meter::issued(uint64_t issued, int64_t mono_ms) {
  if (watched_since_ms_ < 0) watched_since_ms_ = mono_ms;
  forget(mono_ms);
  if (issued == 0) return;
  auto slot = mono_ms / slot_ms;
  if (slots_.empty() || slots_.back().first < slot) slots_.emplace_back(slot, 0);
  slots_.back().second += issued;
}

void demand_meter::forget(int64_t mono_ms) {
  while (!slots_.empty() && slots_.front().first < (mono_ms - hour_ms) / slot_ms) slots_.pop_front();
}

uint64_t demand_meter::since(int64_t mono_ms) const {
  uint64_t sum = 0;
  for (auto i = slots_.rbegin(); i != slots_.rend() && i->first >= mono_ms / slot_ms; ++i) sum += i->second;
  return sum;
}

// Over the time that was watched, but never over less than a minute: the first code after a start is no rush.
double demand_meter::per_s_over(int64_t span_ms, int64_t mono_ms) const {
  auto over_ms = std::clamp(mono_ms - watched_since_ms_, minute_ms, span_ms);
  return static_cast<double>(since(mono_ms - over_ms)) * 1'000 / static_cast<double>(over_ms);
}

double demand_meter::per_s(int64_t mono_ms) {
  forget(mono_ms);
  if (slots_.empty()) return 0;
  auto now = std::max(per_s_over(minute_ms, mono_ms), per_s_over(10 * minute_ms, mono_ms));
  return now > 0 ? now : per_s_over(hour_ms, mono_ms);
}

double demand_meter::minutes_left(uint64_t level, int64_t mono_ms) {
  auto demand = per_s(mono_ms);
  return demand > 0 ? static_cast<double>(level) / demand / 60 : -1;
}

std::string demand_meter::outlook(uint64_t level, int64_t mono_ms) {
  constexpr auto not_known = "the demand is not known yet";
  if (watched_since_ms_ < 0) return not_known;
  if (auto minutes = minutes_left(level, mono_ms); minutes >= 0)
    return level == 0 ? "empty while codes are asked for"
                      : fmt::format("runs dry in {} at the present demand if no more come", in_words(minutes));
  auto watched = mono_ms - watched_since_ms_;
  if (watched < minute_ms) return not_known;
  if (watched >= hour_ms) return "no demand seen in the last hour";
  return fmt::format("no demand seen in the {} since the start", in_words(static_cast<double>(watched) / minute_ms));
}

} // namespace qrwell
