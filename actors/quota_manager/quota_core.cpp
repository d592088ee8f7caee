#include "actors/quota_manager/quota_core.hpp"

#include <algorithm>
#include <limits>

namespace qrwell {
namespace {

constexpr size_t drop_rows_max = 512;
constexpr int64_t find_every_ms = 500;

// Whether an error says for certain that a transaction did nothing. What CAF itself says (time-out, actor gone) and
// whatever we do not know does not.
bool did_nothing(const caf::error& err) {
  if (err.category() != caf::atom("qrwell")) return false;
  switch (code_of(err)) {
  case ec::store_busy:
  case ec::store_failed:
  case ec::disk_full:
  case ec::unavailable:
  case ec::overloaded:
  case ec::shutting_down:
  case ec::invalid_request:
  case ec::not_leader:
    return true;
  default:
    return false;
  }
}

} // namespace

quota_core::quota_core(quota_manager_config cfg, mint_fn mint, quota_rules rules)
    : cfg_(std::move(cfg))
    , mint_(std::move(mint))
    , rules_(rules)
    , book_(cfg_.per_minute, rules)
    , rate_(cfg_.per_minute)
    , queue_(cfg_.waiting_max) {}

// -- those who ask

quota_effects quota_core::asked(uint64_t no, uint64_t requester, const grant_request& ask, quota_now now) {
  bool soon = first_take_ && !book_.leads(); // a node that has just started is told when it leads
  if (!book_.leads() && !soon)
    out_.refused.emplace_back(no, fail(ec::not_leader, "app " + cfg_.app + ": " + lease_words_));
  else if (ask.want == 0)
    out_.refused.emplace_back(no, fail(ec::invalid_request, "a grant_request wants no units"));
  else if (!queue_.add({no, requester, ask, now.mono_ms}))
    out_.refused.emplace_back(no, fail(ec::overloaded, "app " + cfg_.app + ": too many requests wait for units"));
  return pump(now);
}

quota_effects quota_core::began(const units_sent& s, quota_now now) {
  book_.sent({s.epoch, s.seq}, s.count);
  meter_.sent(s.count, now.mono_ms);
  rate_.sent(now.mono_ms);
  return pump(now);
}

quota_effects quota_core::ended(const unit_ended& e, quota_now now) {
  grant_key key{e.epoch, e.seq};
  book_.ended(key, e.how, now.mono_ms);
  if (e.how == unit_end::never_written) meter_.took_back();
  auto i = grants_.find(key);
  if (i != grants_.end() && e.how == unit_end::answered) ++i->second.answered;
  return pump(now);
}

quota_effects quota_core::close(uint64_t no, grant_close end, quota_now now) {
  grant_key key{end.epoch, end.seq};
  if (const auto* known = closer_.written(key)) {
    out_.closed.emplace_back(no, *known);
    return pump(now);
  }
  auto i = grants_.find(key);
  if (i == grants_.end() && !closer_.on_its_way(key) && closer_.size() >= 2 * size_t{cfg_.grants_known_max}) {
    out_.refused.emplace_back(
        no, fail(ec::overloaded, "app " + cfg_.app + ": too many grants wait for their end to be written"));
    return pump(now);
  }
  if (i != grants_.end() && i->second.at != phase::ending) {
    auto truth = book_.close(key, end.sent, end.lost, now.mono_ms);
    end.sent = truth.sent;
    end.lost = truth.lost;
    end_trial(i->second, now);
    i->second.at = phase::ending;
  }
  end.app_id = cfg_.app_id;
  for (auto gone : closer_.add(std::move(end), no))
    out_.refused.emplace_back(gone, fail(ec::timeout, "app " + cfg_.app + ": the end of a grant was asked for again"));
  return pump(now);
}

quota_effects quota_core::complained(const limit_reported&, quota_now now) {
  // Calls that WeChat may still count: ours, and our predecessors' that we know of. A fiftieth less than the limit is
  // not yet somebody else's doing.
  auto c = book_.counts();
  auto known = uint64_t{std::max(used_60s(now), c.in_flight + c.cooling + c.charged)};
  if (known + cfg_.per_minute / 50 < cfg_.per_minute) foreign_use_ = true;
  rate_.complained(now.mono_ms, now.wall_ms);
  complained_ms_ = now.mono_ms;
  return pump(now);
}

quota_effects quota_core::requester_down(uint64_t requester, quota_now now) {
  queue_.forget(requester);
  for (auto& [key, g] : grants_) {
    if (g.requester != requester) continue;
    g.no = 0;
    // Its calls may go on without it for a while.
    if (g.at == phase::out) g.close_at_ms = now.mono_ms + cfg_.abandoned_for_ms;
  }
  return pump(now);
}

// -- answers of the store

quota_effects quota_core::took(caf::expected<lease_view> answer, quota_now now) {
  lease_under_way_ = false;
  first_take_ = false;
  if (!answer) {
    lease_words_ = code_of(answer.error()) == ec::not_leader ? "another node leads it"
                                                             : "the lease could not be had: " + render(answer.error());
    lease_at_ms_ = now.mono_ms + (code_of(answer.error()) == ec::not_leader ? cfg_.renew_every_ms : 1'000);
    for (auto& r : queue_.drain())
      out_.refused.emplace_back(r.no, fail(ec::not_leader, "app " + cfg_.app + ": " + lease_words_));
    return pump(now);
  }
  book_.take_over(*answer, now.mono_ms);
  remember_calls(*answer, now);
  written_lease(std::numeric_limits<uint64_t>::max(), now);
  lease_words_.clear();
  stock_free_since_ms_ = 0;
  lease_at_ms_ = now.mono_ms + cfg_.renew_every_ms;
  return pump(now);
}

quota_effects quota_core::renewed(caf::expected<lease_view> answer, quota_now now) {
  lease_under_way_ = false;
  if (!book_.leads()) return pump(now);
  if (!answer) {
    if (code_of(answer.error()) == ec::not_leader)
      lost_lease(now);
    else
      store_words_ = "the lease could not be renewed: " + render(answer.error());
    lease_at_ms_ = now.mono_ms + 1'000;
    return pump(now);
  }
  store_words_.clear();
  for (auto key : book_.refresh(*answer, cfg_.holder, now.mono_ms)) close_unused(key, {}, now);
  written_lease(renew_no_, now);
  return pump(now);
}

quota_effects quota_core::opened(grant_key key, const caf::error& err, quota_now now) {
  auto i = grants_.find(key);
  auto no = open_no_.extract(key);
  if (i == grants_.end() || i->second.at != phase::opening) return pump(now);
  auto& g = i->second;
  bool current = book_.leads() && key.epoch == book_.epoch();
  if (!err || (!rules_.check_epoch && code_of(err) == ec::not_leader)) {
    store_words_.clear();
    if (current && !no.empty()) written_lease(no.mapped(), now);
    if (current && g.no != 0)
      hand_out(key, g, now);
    else
      close_unused(key, g, now);
  } else if (did_nothing(err)) {
    bool lost = code_of(err) == ec::not_leader && current;
    if (!lost) store_words_ = "a grant could not be written: " + render(err);
    store_again_ms_ = now.mono_ms + store_pause_ms;
    withdraw(key, now);
    if (lost) lost_lease(now);
  } else {
    store_words_ = "a grant may or may not be written: " + render(err);
    store_again_ms_ = now.mono_ms + store_pause_ms;
    g.at = phase::unsure;
    g.find_at_ms = now.mono_ms;
  }
  return pump(now);
}

quota_effects quota_core::found(grant_key key, caf::expected<grant_found> answer, quota_now now) {
  auto i = grants_.find(key);
  if (i == grants_.end() || i->second.at != phase::unsure) return pump(now);
  auto& g = i->second;
  g.finding = false;
  bool current = book_.leads() && key.epoch == book_.epoch();
  if (!answer) {
    g.find_at_ms = now.mono_ms + find_every_ms;
  } else if (answer->present) {
    if (current && g.no != 0)
      hand_out(key, g, now);
    else
      close_unused(key, g, now);
  } else if (!current) {
    withdraw(key, now); // an open of an epoch that is over can no longer be written
  } else {
    g.at = phase::absent;
    g.absent_since_write = writes_;
    lease_at_ms_ = std::min(lease_at_ms_, now.mono_ms);
  }
  return pump(now);
}

quota_effects quota_core::ended_row(grant_key key, caf::expected<grant_closed> answer, quota_now now) {
  if (!answer && code_of(answer.error()) != ec::not_found) {
    close_words_ = render(answer.error());
    closer_.failed(key, now.mono_ms);
    return pump(now);
  }
  auto done = closer_.wrote(key, answer ? std::move(*answer) : grant_closed{false, {}});
  for (auto no : done.askers) out_.closed.emplace_back(no, done.result);
  book_.closed_row(key);
  grants_.erase(key);
  return pump(now);
}

quota_effects quota_core::dropped(const std::vector<grant_key>& rows, const caf::error& err, quota_now now) {
  drop_under_way_ = false;
  if (!err) book_.dropped(rows);
  return pump(now);
}

// -- time

quota_effects quota_core::tick(quota_now now) {
  return pump(now);
}

int64_t quota_core::next_ms(quota_now now) const {
  auto next = closer_.next_ms();
  auto at = [&next](int64_t ms) { next = std::min(next, ms); };
  if (!lease_under_way_) at(lease_at_ms_);
  for (const auto& [key, g] : grants_) {
    if (g.at == phase::unsure && !g.finding) at(g.find_at_ms);
    if (g.at == phase::out && g.close_at_ms != 0) at(g.close_at_ms);
    if (g.no != 0) at(g.answer_by_ms);
  }
  if (book_.leads() && !queue_.empty()) {
    at(queue_.oldest_ms() + cfg_.hold_max_ms);
    for (auto use : {quota_class::live, quota_class::stock})
      if (const auto* head = queue_.next(use, now.mono_ms)) at(ready_ms(*head, now));
    at(queue_.place_ends_ms(now.mono_ms));
  }
  return next;
}

quota_effects quota_core::shut_down() {
  auto sorry = fail(ec::shutting_down, "app " + cfg_.app + ": this node is shutting down");
  for (auto& r : queue_.drain()) out_.refused.emplace_back(r.no, sorry);
  for (auto& [key, g] : grants_)
    if (auto no = std::exchange(g.no, 0)) out_.refused.emplace_back(no, sorry);
  return std::exchange(out_, {});
}

quota_effects quota_core::pump(quota_now now) {
  used_60s(now);
  auto cool_since = book_.cool(now.mono_ms);
  rate_.advance(now.mono_ms, now.wall_ms);
  book_.withhold(rate_.effective());
  if (rate_.mode() != rate_mode::slowed) foreign_use_ = false; // closed: it was the day's limit
  close_abandoned(now);
  look_for_unsure(now);
  if (free_for(quota_class::stock) <= 0)
    stock_free_since_ms_ = 0;
  else if (stock_free_since_ms_ == 0)
    stock_free_since_ms_ = cool_since;
  serve(now);
  give_up_waiting(now);
  keep_lease(now);
  for (auto& end : closer_.due(now.mono_ms)) out_.closes.push_back(std::move(end));
  return std::exchange(out_, {});
}

void quota_core::keep_lease(quota_now now) {
  auto name = "app:" + cfg_.app;
  if (!lease_under_way_ && now.mono_ms >= lease_at_ms_) {
    lease_under_way_ = true;
    lease_at_ms_ = now.mono_ms + cfg_.renew_every_ms;
    if (book_.leads()) {
      renew_no_ = ++writes_;
      out_.renew = lease_renew{name, cfg_.app_id, cfg_.holder, book_.epoch(), cfg_.lease_ttl_ms};
    } else {
      out_.take = lease_take{name, cfg_.app_id, cfg_.holder, cfg_.own, cfg_.lease_ttl_ms};
    }
  }
  if (!book_.leads() || drop_under_way_ || now.mono_ms < drop_at_ms_) return;
  drop_at_ms_ = now.mono_ms + cfg_.renew_every_ms;
  auto cold = book_.cold_rows(drop_rows_max);
  if (cold.empty()) return;
  drop_under_way_ = true;
  out_.drop = grants_drop{cfg_.app_id, {}};
  for (auto key : cold) out_.drop->grants.emplace_back(key.epoch, key.seq);
}

// Somebody else leads. What was handed out may still be used: its row is open, so the new leader has charged it.
void quota_core::lost_lease(quota_now now) {
  book_.step_down();
  lease_words_ = "another node took the lease";
  for (auto& r : queue_.drain())
    out_.refused.emplace_back(r.no, fail(ec::not_leader, "app " + cfg_.app + ": " + lease_words_));
  std::vector<grant_key> absent;
  for (auto& [key, g] : grants_) {
    if (auto no = std::exchange(g.no, 0))
      out_.refused.emplace_back(no, fail(ec::not_leader, "app " + cfg_.app + ": " + lease_words_));
    if (g.at == phase::absent) absent.push_back(key);
  }
  for (auto key : absent) withdraw(key, now);
}

// A write of the lease row succeeded. Older opens that were not seen there are never going to be.
void quota_core::written_lease(uint64_t write_no, quota_now now) {
  std::vector<grant_key> back;
  for (const auto& [key, g] : grants_)
    if (g.at == phase::absent && g.absent_since_write < write_no) back.push_back(key);
  for (auto key : back) withdraw(key, now);
}

void quota_core::look_for_unsure(quota_now now) {
  for (auto& [key, g] : grants_) {
    if (g.at != phase::unsure || g.finding || now.mono_ms < g.find_at_ms) continue;
    g.finding = true;
    out_.finds.push_back({cfg_.app_id, key.epoch, key.seq});
  }
}

// A dead asker's calls have ended by now, nobody knows how: all of the grant is written off.
void quota_core::close_abandoned(quota_now now) {
  for (auto& [key, g] : grants_) {
    if (g.at != phase::out || g.close_at_ms == 0 || now.mono_ms < g.close_at_ms) continue;
    auto units = static_cast<uint32_t>(g.ids.size());
    auto truth = book_.close(key, units, units, now.mono_ms);
    end_trial(g, now);
    g.at = phase::ending;
    grant_close end{cfg_.app_id, key.epoch, key.seq, g.gen_id, g.use, truth.sent, truth.lost, {}, {}, {}, 250, {}};
    for (const auto& id : g.ids) end.dead.push_back({id, "lost"});
    end.ledger = {{"calls", truth.sent}, {"lost", truth.sent}};
    closer_.add(std::move(end), 0);
  }
}

} // namespace qrwell
