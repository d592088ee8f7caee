#include "actors/quota_manager/quota_book.hpp"

#include <algorithm>
#include <limits>

namespace qrwell {

quota_book::quota_book(uint32_t limit, quota_rules rules)
    : limit_(limit)
    , rules_(rules) {}

// -- leadership

void quota_book::take_over(const lease_view& view, int64_t now_ms) {
  step_down();
  leads_ = true;
  epoch_ = view.epoch;
  seq_ = view.seq;
  if (first_epoch_ == 0) first_epoch_ = epoch_;
  free_ = limit_;
  if (rules_.read_grants)
    for (const auto& g : view.grants) absorb(g, view, now_ms);
  withhold(limit_ - to_withhold_);
}

void quota_book::step_down() {
  leads_ = false;
  free_ = unsent_ = in_flight_ = cooling_ = charged_ = withheld_ = overdrawn_ = 0;
  charged_rows_.clear();
  rows_.clear();
  cooling_until_.clear();
}

// A grant that this leader did not open itself.
void quota_book::absorb(const grant_row& g, const lease_view& view, int64_t now_ms) {
  grant_key key{g.epoch, g.seq};
  if (!g.closed) {
    auto units = rules_.charge_open_grants ? g.units : 0;
    charged_rows_[key] = units;
    charged_ += units;
    take(units);
    return;
  }
  // Another server's clock, or the same after a restart of the kernel, says nothing about age.
  auto age = g.closed_by_server == view.server ? std::max<int64_t>(0, view.now_ms - g.closed_ms) : 0;
  auto until = now_ms + window_ms + guard_ms + clock_step_ms + (g.lost > 0 ? linger() : 0) - age;
  rows_[key].written = true;
  if (g.sent == 0 || until <= now_ms) return;
  take(g.sent);
  start_cooling(key, g.sent, until);
}

std::vector<grant_key> quota_book::refresh(const lease_view& view, const std::string& holder, int64_t now_ms) {
  std::vector<grant_key> never_used;
  if (!leads_ || view.epoch != epoch_) return never_used;
  std::set<grant_key> present;
  for (const auto& g : view.grants) {
    grant_key key{g.epoch, g.seq};
    present.insert(key);
    bool mine = g.holder == holder && key.epoch >= first_epoch_;
    if (mine && !g.closed && !accounts_.contains(key) && !rows_.contains(key)) never_used.push_back(key);
    if (accounts_.contains(key) && key.epoch == epoch_) continue;
    if (rows_.contains(key)) continue;
    auto charged = charged_rows_.find(key);
    if (charged != charged_rows_.end()) {
      if (!g.closed) continue;
      // When exactly it was closed does not matter: its calls ended before now.
      auto units = charged->second;
      auto sent = std::min(units, g.sent);
      charged_rows_.erase(charged);
      charged_ -= units;
      rows_[key].written = true;
      start_cooling(key, sent, now_ms + window_ms + guard_ms + clock_step_ms + linger());
      release(units - sent);
    } else if (key.epoch == epoch_) {
      if (g.closed) rows_[key].written = true; // never used, and closed as such
    } else if (rules_.read_grants) {
      absorb(g, view, now_ms); // cannot be, by the order of writes to the lease; counted all the same
    }
  }
  for (auto i = charged_rows_.begin(); i != charged_rows_.end();) {
    if (present.contains(i->first)) {
      ++i;
      continue;
    }
    // Somebody who knew it cold deleted it; we take our own time.
    charged_ -= i->second;
    rows_[i->first].written = true;
    start_cooling(i->first, i->second, now_ms + window_ms + guard_ms + clock_step_ms + linger());
    i = charged_rows_.erase(i);
  }
  return never_used;
}

// -- grants of this process

grant_key quota_book::open(uint32_t units) {
  grant_key key{epoch_, ++seq_};
  units = std::min(units, free_);
  free_ -= units;
  unsent_ += units;
  auto& a = accounts_[key];
  a.truth.units = units;
  a.unsent = units;
  rows_[key] = row{};
  return key;
}

void quota_book::withdraw(grant_key key) {
  auto i = accounts_.find(key);
  if (i == accounts_.end()) return;
  if (counts_here(key)) {
    unsent_ -= i->second.unsent;
    release(i->second.unsent);
    rows_.erase(key);
  }
  accounts_.erase(i);
}

void quota_book::sent(grant_key key, uint32_t count) {
  auto i = accounts_.find(key);
  if (i == accounts_.end()) return;
  auto& a = i->second;
  count = std::min(count, a.unsent);
  a.unsent -= count;
  a.in_flight += count;
  a.truth.sent += count;
  if (!counts_here(key)) return;
  unsent_ -= count;
  in_flight_ += count;
}

void quota_book::ended(grant_key key, unit_end how, int64_t now_ms) {
  auto i = accounts_.find(key);
  if (i == accounts_.end() || i->second.in_flight == 0) return;
  auto& a = i->second;
  --a.in_flight;
  if (counts_here(key)) --in_flight_;
  if (how == unit_end::never_written) {
    ++a.unsent;
    --a.truth.sent;
    if (counts_here(key)) ++unsent_;
    return;
  }
  bool lost = how == unit_end::lost;
  if (lost) ++a.truth.lost;
  if (counts_here(key)) start_cooling(key, 1, now_ms + window_ms + guard_ms + (lost ? linger() : 0));
}

grant_truth quota_book::close(grant_key key, uint32_t sent, uint32_t lost, int64_t now_ms) {
  auto i = accounts_.find(key);
  if (i == accounts_.end()) return {};
  auto& a = i->second;
  if (a.over) return a.truth;
  if (sent > a.truth.sent) this->sent(key, sent - a.truth.sent);
  while (a.in_flight > 0) ended(key, unit_end::lost, now_ms);
  if (lost > a.truth.lost) {
    a.truth.lost = std::min(a.truth.sent, lost);
    linger_on(key);
  }
  a.over = true;
  auto rest = std::exchange(a.unsent, 0u);
  if (counts_here(key)) {
    unsent_ -= rest;
    release(rest);
  }
  return a.truth;
}

void quota_book::closed_row(grant_key key) {
  accounts_.erase(key);
  if (!counts_here(key)) return;
  auto i = rows_.find(key);
  if (i != rows_.end()) i->second.written = true;
}

const grant_truth* quota_book::find(grant_key key) const {
  auto i = accounts_.find(key);
  return i == accounts_.end() ? nullptr : &i->second.truth;
}

// -- cooling

void quota_book::start_cooling(grant_key key, uint32_t units, int64_t until_ms) {
  if (units == 0) return;
  cooling_until_[{until_ms, key}] += units;
  cooling_ += units;
  rows_[key].cooling += units;
}

// More calls were lost than was told at their ends, and which is not known: all of the grant linger.
void quota_book::linger_on(grant_key key) {
  std::map<std::pair<int64_t, grant_key>, uint32_t> moved;
  for (auto i = cooling_until_.begin(); i != cooling_until_.end();) {
    if (i->first.second == key) {
      moved[{i->first.first + linger(), key}] = i->second;
      i = cooling_until_.erase(i);
    } else {
      ++i;
    }
  }
  cooling_until_.merge(moved);
}

int64_t quota_book::cool(int64_t now_ms) {
  auto first = cooling_until_.empty() ? now_ms : std::min(now_ms, cooling_until_.begin()->first.first);
  while (!cooling_until_.empty() && cooling_until_.begin()->first.first <= now_ms) {
    auto [when, units] = *cooling_until_.begin();
    cooling_until_.erase(cooling_until_.begin());
    cooling_ -= units;
    rows_[when.second].cooling -= units;
    release(units);
  }
  return first;
}

int64_t quota_book::when_free(uint32_t units) const {
  if (units == 0) return std::numeric_limits<int64_t>::min();
  uint64_t missing = uint64_t{units} + overdrawn_ + (to_withhold_ - std::min(to_withhold_, withheld_));
  for (const auto& [when, n] : cooling_until_) {
    if (n >= missing) return when.first;
    missing -= n;
  }
  return std::numeric_limits<int64_t>::max();
}

std::vector<grant_key> quota_book::cold_rows(size_t rows_max) const {
  std::vector<grant_key> cold;
  for (const auto& [key, r] : rows_) {
    if (cold.size() >= rows_max) break;
    if (r.written && r.cooling == 0) cold.push_back(key);
  }
  return cold;
}

void quota_book::dropped(const std::vector<grant_key>& rows) {
  for (const auto& key : rows) {
    auto i = rows_.find(key);
    if (i != rows_.end() && i->second.written && i->second.cooling == 0) rows_.erase(i);
  }
}

// -- limits

void quota_book::take(uint32_t units) {
  auto from_free = std::min(units, free_);
  free_ -= from_free;
  units -= from_free;
  auto from_withheld = std::min(units, withheld_);
  withheld_ -= from_withheld;
  overdrawn_ += units - from_withheld;
}

void quota_book::release(uint32_t units) {
  auto paid = std::min(units, overdrawn_);
  overdrawn_ -= paid;
  units -= paid;
  auto kept = std::min(units, to_withhold_ - std::min(to_withhold_, withheld_));
  withheld_ += kept;
  free_ += units - kept;
}

void quota_book::withhold(uint32_t effective) {
  to_withhold_ = limit_ - std::min(limit_, effective);
  if (!leads_) return;
  if (withheld_ > to_withhold_) {
    free_ += withheld_ - to_withhold_;
    withheld_ = to_withhold_;
  } else {
    auto more = std::min(free_, to_withhold_ - withheld_);
    free_ -= more;
    withheld_ += more;
  }
}

unit_counts quota_book::counts() const {
  return {limit_, free_, unsent_, in_flight_, cooling_, charged_, withheld_, overdrawn_};
}

std::string quota_book::check() const {
  uint64_t unsent = 0, in_flight = 0, cooling = 0, charged = 0, row_cooling = 0;
  for (const auto& [key, a] : accounts_) {
    if (a.truth.sent > a.truth.units || a.truth.lost > a.truth.sent || a.unsent + a.truth.sent > a.truth.units)
      return "a grant has more ends than units";
    if (!counts_here(key)) continue;
    unsent += a.unsent;
    in_flight += a.in_flight;
  }
  for (const auto& [when, n] : cooling_until_) cooling += n;
  for (const auto& [key, n] : charged_rows_) charged += n;
  for (const auto& [key, r] : rows_) row_cooling += r.cooling;
  if (unsent != unsent_ || in_flight != in_flight_) return "open grants and their counts differ";
  if (cooling != cooling_ || row_cooling != cooling_) return "cooling units and their count differ";
  if (charged != charged_) return "charged grants and their count differ";
  auto all = uint64_t{free_} + unsent_ + in_flight_ + cooling_ + charged_ + withheld_;
  if (all != (leads_ ? uint64_t{limit_} + overdrawn_ : 0)) return "units do not add up to the limit";
  if (overdrawn_ > 0 && free_ > 0) return "units are free although more than the limit are in use";
  return "";
}

} // namespace qrwell
