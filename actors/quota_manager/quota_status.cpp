#include "actors/quota_manager/quota_core.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace qrwell {
namespace {

constexpr int64_t idle_ticket_ms = 120'000;
constexpr uint32_t failures_worth_a_word = 3;

} // namespace

// What the store knows of the past minute: the calls of each grant that another process had, at the grant's end.
void quota_core::remember_calls(const lease_view& view, quota_now now) {
  std::vector<std::pair<int64_t, uint32_t>> calls;
  for (const auto& g : view.grants) {
    if (!g.closed || g.holder == cfg_.holder) continue;
    auto age = g.closed_by_server == view.server ? std::max<int64_t>(0, view.now_ms - g.closed_ms) : 0;
    calls.emplace_back(now.mono_ms - age, g.sent);
  }
  std::sort(calls.begin(), calls.end());
  predecessors_ = {};
  for (const auto& [at_ms, count] : calls) predecessors_.sent(count, at_ms);
}

uint32_t quota_core::used_60s(quota_now now) {
  return meter_.used(now.mono_ms) + predecessors_.used(now.mono_ms);
}

// What WeChat said stays worth knowing while fewer calls are made because of it; what is done about it changes.
std::string quota_core::words_for_slowed(quota_now now) const {
  auto ago_s = (now.mono_ms - complained_ms_) / 1'000;
  auto ago = ago_s < 120 ? fmt::format("{} s", ago_s) : fmt::format("{} min", ago_s / 60);
  auto blame =
      foreign_use_
          ? fmt::format(" though our own calls of the minute before were fewer (somebody else uses this appid, "
                        "or its limit is below per_minute {})",
                        cfg_.per_minute)
          : std::string();
  auto next = rate_.next_grant_ms(now.mono_ms, now.wall_ms);
  auto then =
      next > now.mono_ms && next != std::numeric_limits<int64_t>::max()
          ? fmt::format("no call for {} s more, then a try", (next - now.mono_ms + 999) / 1'000)
          : fmt::format("at most {} of {} calls a minute, growing by 1 % a minute", rate_.effective(), cfg_.per_minute);
  return fmt::format("WeChat said {} ago that app {}'s limit is reached{}: {}", ago, cfg_.app, blame, then);
}

// One sentence, the gravest first.
std::string quota_core::problem(quota_now now) const {
  auto c = book_.counts();
  if (!book_.leads()) return fmt::format("this node does not lead app {}: {}", cfg_.app, lease_words_);
  if (rate_.mode() == rate_mode::closed)
    return fmt::format(
        "WeChat says that app {}'s limit of the day is spent: one call each 10 minutes tries, and it opens "
        "again at 00:05 Shanghai time",
        cfg_.app);
  if (closer_.failures() >= failures_worth_a_word)
    return fmt::format("the ends of {} grants of app {} could not be written yet, with their codes: {}", closer_.size(),
                       cfg_.app, close_words_);
  if (!store_words_.empty()) return store_words_;
  if (rate_.mode() == rate_mode::slowed) return words_for_slowed(now);
  if (uint64_t{c.charged} * 50 > cfg_.per_minute)
    return fmt::format(
        "{} units of app {} are charged to grants of other nodes that nobody closed: if a machine is gone for "
        "good, `qrwell node forget NAME --machine-is-off` frees them",
        c.charged, cfg_.app);
  for (const auto& [key, g] : grants_) {
    const auto* truth = book_.find(key);
    if (g.at == phase::out && truth && truth->sent == 0 && now.mono_ms - g.out_since_ms > idle_ticket_ms)
      return fmt::format("grant {}/{} of app {} was handed out {} s ago and nobody has used it", key.epoch, key.seq,
                         cfg_.app, (now.mono_ms - g.out_since_ms) / 1'000);
  }
  return "";
}

actor_status quota_core::status(quota_now now) {
  auto c = book_.counts();
  auto open = grants_open(quota_class::stock) + grants_open(quota_class::live);
  boost::json::object facts{
      {"app", cfg_.app},
      {"leader", book_.leads()},
      {"epoch", book_.epoch()},
      {"limit", cfg_.per_minute},
      {"effective_limit", rate_.effective()},
      {"state", to_string(rate_.mode())},
      {"free", c.free},
      {"unsent", c.unsent},
      {"in_flight", c.in_flight},
      {"cooling", c.cooling},
      {"charged", c.charged},
      {"withheld", c.withheld},
      {"used_60s", used_60s(now)},
      {"open_grants", open},
      {"foreign_use", foreign_use_},
  };
  return {"quota_manager", cfg_.app, problem(now), boost::json::serialize(facts)};
}

} // namespace qrwell
