#include "actors/pool_stocker/stocker_core.hpp"

#include <boost/json.hpp>

namespace qrwell {

pool_state stocker_core::state(stamp now) {
  pool_state s;
  s.pool = cfg_.pool;
  s.app = cfg_.app;
  s.gen_id = cfg_.gen_id;
  s.level = level(now.mono_ms);
  s.low = cfg_.low;
  s.high = cfg_.high;
  s.reserve = cfg_.reserve;
  s.per_minute = static_cast<double>(books_.per_minute(now.mono_ms));
  s.minutes_left = plan_.minutes_left;
  s.plan = plan_.sentence;
  s.paused = paused_;
  s.pause_reason = pause_reason_;
  s.dead = level_.dead_codes;
  s.retry_after_s = plan_.retry_after_s;
  s.live_allowed = cfg_.live_allowed && live_refusal().empty();
  s.spec = spec_;
  return s;
}

stocker_core::outlook stocker_core::look() const {
  return {levels_known_, probe_.proven(), hold_is_wrong_ && !paused_ ? hold_ : std::string{}};
}

void stocker_core::on_shelf(const shelf_report& report, stamp now) {
  if (report.pool != cfg_.pool) return;
  shelf_ = report;
  shelf_at_ms_ = now.mono_ms;
  shelf_known_ = true;
}

actor_status stocker_core::status(stamp now) {
  actor_status out;
  out.kind = "pool_stocker";
  out.name = cfg_.pool;
  if (!hold_.empty() && (hold_is_wrong_ || paused_)) out.problem = hold_;
  boost::json::object facts;
  facts["pool"] = cfg_.pool;
  facts["level"] = level(now.mono_ms);
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
