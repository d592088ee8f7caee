#include "actors/binding_persister/bind_groups.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

/// What an error of a group's transaction leaves to be done.
enum class remedy : uint8_t { again, give_up, quarantine };

remedy remedy_of(ec code) noexcept {
  switch (code) {
  case ec::store_busy:
  case ec::store_failed:
  case ec::unavailable:
    return remedy::again;
  case ec::disk_full:
  case ec::store_corrupt:
  case ec::overloaded:
  case ec::shutting_down:
  case ec::invalid_request:
    return remedy::give_up;
  default: // also any error that nobody thought of: the commit may have happened
    return remedy::quarantine;
  }
}

} // namespace

bind_groups::bind_groups(const binding_persister_config& cfg)
    : cfg_(cfg)
    , unknown_(cfg.resolve_backoff_min_ms, cfg.resolve_backoff_max_ms, cfg.group_max) {}

void bind_groups::add(uint32_t sender, bind_batch& batch, int64_t now_ms) {
  size_t here = waiting_.size() + unknown_.size() + (now_ ? now_->requests.size() : 0);
  for (const auto& b : again_) here += b.binds.size();
  for (auto& request : batch.requests) {
    waiting_bind bind{{sender, now_ms + request.remaining_ms}, std::move(request)};
    ++counts_.binds;
    if (here < cfg_.waiting_max) {
      ++here;
      waiting_.push_back(std::move(bind));
    } else {
      end(bind, bind_end::failed, "too many binds wait for the store; try again");
    }
  }
}

void bind_groups::add(uint32_t sender, const claim_request& claim) {
  if (claims_.size() < cfg_.claims_waiting_max) {
    claims_.push_back({sender, claim});
  } else {
    fail_claims({{sender, claim}});
  }
}

void bind_groups::add(const lots_done& done) {
  put_back(done.lots);
}

// -- the next group
// ----------------------------------------------------------------------------------------------------

void bind_groups::drop_late(int64_t now_ms) {
  auto late = [&](const waiting_bind& bind) {
    if (bind.from.deadline_ms > now_ms) return false;
    end(bind, bind_end::late);
    return true;
  };
  std::erase_if(waiting_, late);
  for (auto& b : again_) std::erase_if(b.binds, late);
  std::erase_if(again_, [](const bundle& b) { return b.binds.empty() && b.claims.empty() && b.lots.empty(); });
}

std::optional<bind_group> bind_groups::next_group(int64_t now_ms) {
  if (now_ || now_ms < not_before_ms_) return std::nullopt;
  // While the store does not say what became of the last group, more of them would only fill the quarantine. But one
  // question that is never answered must not stop everybody for good.
  if (unknown_.size() > 0 && now_ms < unknown_.since_ms() + cfg_.hold_for_ms) return std::nullopt;
  drop_late(now_ms);
  if (!again_.empty()) {
    auto next = std::move(again_.front());
    again_.pop_front();
    return send(std::move(next));
  }
  if (waiting_.empty() && claims_.empty() && lots_.empty()) return std::nullopt;
  bundle next;
  auto take = [](auto& from, auto& to, size_t max) {
    auto n = static_cast<ptrdiff_t>(std::min(from.size(), max));
    to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(from.begin() + n));
    from.erase(from.begin(), from.begin() + n);
  };
  take(waiting_, next.binds, cfg_.group_max);
  take(claims_, next.claims, cfg_.claims_per_group_max);
  take(lots_, next.lots, cfg_.lots_done_per_group_max);
  return send(std::move(next));
}

bind_group bind_groups::send(bundle b) {
  under_way u;
  u.origins.reserve(b.binds.size());
  std::vector<bind_request> requests;
  requests.reserve(b.binds.size());
  for (auto& bind : b.binds) {
    u.origins.push_back(bind.from);
    requests.push_back(std::move(bind.request));
  }
  u.requests = std::move(requests);
  u.claims = std::move(b.claims);
  u.lots = std::move(b.lots);
  u.again = b.again;
  bind_group out;
  out.holder = cfg_.holder;
  out.binds = u.requests;
  for (const auto& claim : u.claims) out.claims.push_back(claim.claim);
  out.lots_done = u.lots;
  now_ = std::move(u);
  return out;
}

/// Of a group that was not committed.
bind_groups::bundle bind_groups::take_back(under_way u) {
  bundle out;
  out.binds.reserve(u.origins.size());
  auto requests = u.requests.take();
  for (size_t i = 0; i < requests.size(); ++i) out.binds.push_back({u.origins[i], std::move(requests[i])});
  out.claims = std::move(u.claims);
  out.lots = std::move(u.lots);
  out.again = u.again;
  return out;
}

// -- ends
// --------------------------------------------------------------------------------------------------------------

void bind_groups::group_ended(caf::expected<bind_group_result> result, int64_t now_ms) {
  if (!now_) return;
  auto u = std::move(*now_);
  now_.reset();
  ++counts_.groups;
  // An answer that does not fit the question says nothing.
  if (result && (result->results.size() != u.requests.size() || result->claims.size() != u.claims.size()))
    result = fail(ec::outcome_unknown, "the store's answer does not fit the group");
  if (result) {
    last_error_.clear();
    answer(u, *result);
    return;
  }
  last_error_ = render(result.error());
  not_before_ms_ = now_ms + cfg_.pause_after_error_ms;
  auto b = take_back(std::move(u));
  switch (remedy_of(code_of(result.error()))) {
  case remedy::again:
    if (b.again && (b.binds.size() + b.claims.size() <= 1 || code_of(result.error()) == ec::unavailable)) {
      // Alone, or of a store that is away for every row alike.
      give_up(std::move(b), last_error_);
    } else {
      retry(std::move(b));
    }
    return;
  case remedy::give_up:
    give_up(std::move(b), last_error_);
    return;
  case remedy::quarantine:
    into_quarantine(std::move(b), now_ms);
    return;
  }
}

void bind_groups::answer(const under_way& u, bind_group_result& result) {
  // Nearly always all of them have one sender.
  if (!u.origins.empty()) results_for(u.origins.front().sender).reserve(u.origins.size());
  for (size_t i = 0; i < u.requests.size(); ++i) end(u.origins[i], u.requests[i], std::move(result.results[i]));
  for (size_t i = 0; i < u.claims.size(); ++i)
    out_.claims.emplace_back(u.claims[i].sender, std::move(result.claims[i]));
}

// Once more as it was; then each row alone, so that one that the store cannot take fails nobody else.
void bind_groups::retry(bundle b) {
  ++counts_.retried;
  if (!b.again) {
    b.again = true;
    again_.push_front(std::move(b));
    return;
  }
  std::deque<bundle> alone;
  for (auto& claim : b.claims) alone.push_back({{}, {std::move(claim)}, {}, true});
  for (auto& bind : b.binds) alone.push_back({{std::move(bind)}, {}, {}, true});
  put_back(std::move(b.lots));
  again_.insert(again_.begin(), std::make_move_iterator(alone.begin()), std::make_move_iterator(alone.end()));
}

void bind_groups::give_up(bundle b, const std::string& why) {
  for (const auto& bind : b.binds) end(bind, bind_end::failed, why);
  fail_claims(b.claims);
  put_back(std::move(b.lots));
}

// The claims of such a group are failed: lots that they got stay held by this incarnation and are given back with it.
void bind_groups::into_quarantine(bundle b, int64_t now_ms) {
  counts_.unknown += b.binds.size();
  fail_claims(b.claims);
  put_back(std::move(b.lots)); // ending a lot twice is harmless
  if (!b.binds.empty()) unknown_.add(std::move(b.binds), now_ms);
}

void bind_groups::resolve_ended(caf::expected<bind_group_result> result, int64_t now_ms) {
  if (!result) last_error_ = render(result.error());
  auto settled = unknown_.settle(result ? &*result : nullptr, now_ms);
  // From the back, so that those that go on wait in their old order, before all others.
  for (auto it = settled.rbegin(); it != settled.rend(); ++it) {
    if (it->told) continue;
    if (it->result.end != bind_end::failed) {
      end(it->bind.from, it->bind.request, std::move(it->result));
    } else if (it->bind.from.deadline_ms <= now_ms) {
      end(it->bind, bind_end::late);
    } else {
      waiting_.push_front(std::move(it->bind)); // with its old mark: were it ever committed twice, the store would know
    }
  }
}

void bind_groups::tick(int64_t now_ms) {
  drop_late(now_ms);
  for (const auto* bind : unknown_.overdue(now_ms))
    end(*bind, bind_end::quarantined, "the store does not say whether it was committed");
}

void bind_groups::end(const waiting_bind& bind, bind_end how, std::string detail) {
  end(bind.from, bind.request, bind_result{0, how, {}, std::move(detail)});
}

void bind_groups::end(const bind_origin& from, const bind_request& request, bind_result result) {
  result.ticket = request.ticket;
  if (result.end == bind_end::lost_race) result.request = {request};
  counts_.bound += result.end == bind_end::bound ? 1 : 0;
  counts_.late += result.end == bind_end::late ? 1 : 0;
  counts_.failed += result.end == bind_end::failed ? 1 : 0;
  results_for(from.sender).push_back(std::move(result));
}

std::vector<bind_result>& bind_groups::results_for(uint32_t sender) {
  for (auto& [to, results] : out_.results)
    if (to == sender) return results.results;
  return out_.results.emplace_back(sender, bind_results{}).second.results;
}

void bind_groups::fail_claims(const std::vector<waiting_claim>& claims) {
  for (const auto& [sender, claim] : claims)
    out_.claims.emplace_back(sender, claim_result{claim.pool, claim.gen_id, {}, true});
}

void bind_groups::put_back(std::vector<uint64_t> lots) {
  auto room = cfg_.lots_done_waiting_max - std::min<size_t>(lots_.size(), cfg_.lots_done_waiting_max);
  lots.resize(std::min(lots.size(), room));
  lots_.insert(lots_.end(), lots.begin(), lots.end());
}

group_effects bind_groups::take(int64_t now_ms) {
  out_.group = next_group(now_ms);
  out_.resolve = unknown_.ask(now_ms);
  return std::exchange(out_, {});
}

void bind_groups::set_limits(const bind_limits& limits) {
  cfg_.waiting_max = limits.waiting_max;
  cfg_.group_max = limits.group_max;
  unknown_.set_attempts_max(limits.group_max);
}

actor_status bind_groups::status() const {
  actor_status out{"binding_persister", "binding_persister", "", ""};
  if (unknown_.size() > 0)
    out.problem =
        fmt::format("It is not known of {} binds whether the store committed them: {}", unknown_.size(), last_error_);
  else if (!last_error_.empty())
    out.problem = "The last transaction failed: " + last_error_;
  out.facts = fmt::format(
      R"({{"waiting":{},"under_way":{},"quarantined":{},"groups":{},"binds":{},"bound":{},"late":{},"failed":{},"unknown":{},"retried":{}}})",
      waiting_.size(), now_ ? now_->requests.size() : 0, unknown_.size(), counts_.groups, counts_.binds, counts_.bound,
      counts_.late, counts_.failed, counts_.unknown, counts_.retried);
  return out;
}

} // namespace qrwell
