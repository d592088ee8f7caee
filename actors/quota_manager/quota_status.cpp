#include "actors/quota_manager/quota_core.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace qrwell {
namespace {

constexpr int64_t idle_ticket_ms = 120'000;
constexpr uint32_t failures_worth_a_word = 3;

} // namespace

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
  if (rate_.mode() == rate_mode::slowed && foreign_use_)
    return fmt::format(
        "WeChat says that app {}'s limit is reached, but our own calls of the last 60 s are fewer: somebody "
        "else uses this appid, or its limit is below per_minute {}",
        cfg_.app, cfg_.per_minute);
  if (rate_.mode() == rate_mode::slowed)
    return fmt::format(
        "WeChat said that app {}'s limit is reached: at most {} of {} calls a minute, growing by 1 % a minute",
        cfg_.app, rate_.effective(), cfg_.per_minute);
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
      {"used_60s", meter_.used(now.mono_ms)},
      {"open_grants", open},
      {"foreign_use", foreign_use_},
  };
  return {"quota_manager", cfg_.app, problem(now), boost::json::serialize(facts)};
}

} // namespace qrwell
