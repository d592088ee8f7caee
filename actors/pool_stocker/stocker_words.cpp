#include "actors/pool_stocker/stocker_core.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

namespace qrwell {

pool_state stocker_core::state(stamp now) {
  pool_state s;
  s.pool = cfg_.pool;
  s.app = cfg_.app;
  s.gen_id = cfg_.gen_id;
  s.level = estimate_.level(now.mono_ms);
  s.low = cfg_.low;
  s.high = cfg_.high;
  s.reserve = cfg_.reserve;
  s.per_minute = static_cast<double>(books_.per_minute(now.mono_ms));
  if (cfg_.high > 0) { // else there is no stock that could run dry
    s.minutes_left = demand_.minutes_left(s.level, now.mono_ms);
    s.outlook = demand_.outlook(s.level, now.mono_ms);
  }
  s.plan = plan_.sentence;
  s.paused = paused_;
  s.pause_reason = pause_reason_;
  s.dead = level_.dead_codes;
  s.retry_after_s = plan_.retry_after_s;
  s.live_allowed = cfg_.live_allowed && live_refusal().empty();
  s.link_allowed = cfg_.link_allowed;
  s.spec = spec_;
  s.former = former();
  return s;
}

/// What is wrong; a try does not mend it, only success does.
std::string stocker_core::problem() const {
  if (!hold_.empty() && (hold_is_wrong_ || paused_)) return hold_;
  return trouble_.troubled() && (plan_.due > 0 || anything_under_way()) ? words_for_trouble() : std::string{};
}

std::string stocker_core::words_for_trouble() const {
  return (anything_under_way() ? "Trying again, one call at a time: " : "The last call failed: ") + trouble_why_ + ".";
}

std::string stocker_core::words_for_units(stamp now) const {
  return fmt::format("Waiting for quota of app {}: the next call may be made in {} s.", cfg_.app,
                     whole_seconds(stock_units_.free_ms - now.mono_ms));
}

std::vector<former_stock> stocker_core::former() const {
  std::vector<former_stock> out;
  for (const auto& one : seen_.generations) {
    if (one.state != generation_state::ageing || one.gen_id == seen_.pool.gen_id) continue;
    for (const auto& stock : seen_.levels)
      if (auto codes = stock.ready_codes + stock.filling_codes + stock.held_codes;
          stock.gen_id == one.gen_id && codes > 0)
        out.push_back({one.gen_id, codes, aged_since_ms() + cfg_.age_out_ms, one.spec});
  }
  return out;
}

stocker_core::outlook stocker_core::look() const {
  return {levels_known_, probe_.proven(), paused_ ? std::string{} : problem()};
}

void stocker_core::on_shelf(const shelf_report& report, stamp now) {
  if (report.pool != cfg_.pool) return;
  demand_.issued(report.issued, now.mono_ms);
  estimate_.reported(report.codes, report.issued, now.mono_ms);
}

actor_status stocker_core::status(stamp now) {
  actor_status out;
  out.kind = "pool_stocker";
  out.name = cfg_.pool;
  out.problem = problem();
  boost::json::object facts;
  facts["pool"] = cfg_.pool;
  facts["level"] = estimate_.level(now.mono_ms);
  facts["low"] = cfg_.low;
  facts["high"] = cfg_.high;
  facts["reserve"] = cfg_.reserve;
  facts["per_minute"] = books_.per_minute(now.mono_ms);
  facts["generation"] = cfg_.gen_id;
  facts["paused"] = paused_;
  facts["dead_last_100"] = books_.dead_last();
  facts["grants_under_way"] = runs_.size();
  facts["live_waiting"] = live_.size();
  facts["plan"] = plan_.sentence;
  out.facts = boost::json::serialize(facts);
  return out;
}

} // namespace qrwell
