#include "actors/token_keeper/token_book.hpp"

#include <algorithm>

namespace qrwell {
namespace {

constexpr int64_t day_ms = 24 * 3'600'000;
constexpr int64_t foreign_shown_for_ms = 3'600'000;

uint32_t whole_seconds(int64_t ms) {
  return static_cast<uint32_t>((std::max<int64_t>(ms, 0) + 999) / 1'000);
}

std::string seconds(int64_t ms) {
  return std::to_string(whole_seconds(ms)) + " s";
}

bool needs_operator(int32_t errcode) {
  switch (wechat::explain(errcode).kind) {
  case wechat::refusal::busy:
  case wechat::refusal::limit:
  case wechat::refusal::unknown:
    return false;
  default:
    return true;
  }
}

} // namespace

token_book::token_book(token_book_config cfg)
    : cfg_(cfg)
    , random_(cfg.seed) {}

token_work token_book::ask(uint64_t ticket, int64_t now_ms) {
  token_work out;
  if (usable(now_ms)) {
    out.answers.emplace_back(ticket, token_);
    return out;
  }
  auto hopeless = !fetching_ && next_fetch_ms_ >= now_ms + cfg_.waiting_for_ms;
  if (hopeless || waiting_.size() >= cfg_.waiting_max) {
    out.answers.emplace_back(ticket, hopeless ? fail(ec::unavailable, why_none(now_ms))
                                              : fail(ec::overloaded, "too many wait for the access token"));
    return out;
  }
  waiting_.push_back({ticket, now_ms + cfg_.waiting_for_ms});
  return next(now_ms);
}

token_work token_book::refused(uint64_t version, int32_t errcode, int64_t now_ms) {
  // Calls that left with an older token are refused late: that says nothing of the present one.
  if (token_.value.empty() || version != token_.version) return next(now_ms);
  ++refused_;
  refused_value_ = token_.value;
  refused_errcode_ = errcode;
  refused_left_ms_ = expires_ms_ - now_ms;
  refused_age_ms_ = now_ms - adopted_ms_;
  on_trial_ = false;
  if (refused_age_ms_ >= cfg_.healthy_for_ms) refusals_in_a_row_ = same_in_a_row_ = 0;
  auto gap = refusals_in_a_row_ == 0 ? 0 : refusal_gap_ms(0);
  ++refusals_in_a_row_;
  token_.value = secret();
  next_fetch_ms_ = gap == 0 ? now_ms : std::max(now_ms, refusal_fetch_ms_ + gap);
  refusal_fetch_ms_ = next_fetch_ms_;
  last_error_ = "WeChat refused the token after " + seconds(refused_age_ms_) + ": " + wechat::describe(errcode, "");
  problem_ = last_error_;
  return next(now_ms);
}

token_work token_book::force(uint64_t ticket, int64_t now_ms) {
  token_work out;
  if (fetching_by_force_) {
    force_under_way_.push_back(ticket);
    return out;
  }
  if (!force_wanted_.empty()) {
    force_wanted_.push_back(ticket);
    return out;
  }
  auto since_last = forced_ms_.empty() ? day_ms : now_ms - forced_ms_.back();
  if (since_last < cfg_.forced_gap_ms) {
    out.forced.emplace_back(ticket, fail(ec::rate_limited,
                                         "WeChat forces a new token at most every " + seconds(cfg_.forced_gap_ms) +
                                             ": try again in " + seconds(cfg_.forced_gap_ms - since_last),
                                         whole_seconds(cfg_.forced_gap_ms - since_last)));
    return out;
  }
  if (forced_left(now_ms) == 0) {
    out.forced.emplace_back(ticket, fail(ec::rate_limited,
                                         "the " + std::to_string(cfg_.forced_per_day) +
                                             " forced refreshes of 24 hours are used up: the next is free in " +
                                             seconds(forced_ms_.front() + day_ms - now_ms),
                                         whole_seconds(forced_ms_.front() + day_ms - now_ms)));
    return out;
  }
  force_wanted_.push_back(ticket);
  return next(now_ms);
}

token_work token_book::fetched(const wechat::token_answer& answer, int64_t now_ms) {
  if (!fetching_) return next(now_ms);
  auto forced = std::exchange(fetching_by_force_, false);
  fetching_ = false;
  caf::error forced_end;
  if (answer.end != wechat::token_end::token) {
    failed(answer, now_ms);
    forced_end = fail(ec::unavailable, "no new token: " + last_error_);
  } else {
    ++refreshes_;
    failures_in_a_row_ = 0;
    auto refusal_open = !refused_value_.empty();
    auto same_as_refused = refusal_open && answer.value == refused_value_;
    if (forced && (same_as_refused || answer.value == token_.value))
      forced_end = fail(ec::rate_limited,
                        "WeChat gave out the same token again: somebody else has used up its limit of forced refreshes "
                        "(20 a day, 30 s apart)",
                        whole_seconds(cfg_.forced_gap_ms));
    if (same_as_refused && !on_trial_) {
      came_back_the_same(now_ms);
    } else {
      if (refusal_open && !same_as_refused) {
        same_in_a_row_ = 0;
        if (!forced) name_foreign_manager(now_ms);
      }
      adopt(answer, now_ms);
    }
  }
  token_work ended;
  if (forced) end_forced(ended, forced_end);
  auto out = next(now_ms);
  out.forced.insert(out.forced.begin(), ended.forced.begin(), ended.forced.end());
  return out;
}

token_work token_book::tick(int64_t now_ms) {
  return next(now_ms);
}

token_work token_book::shut_down() {
  token_work out;
  auto err = fail(ec::shutting_down, "the token keeper is shutting down");
  for (const auto& w : waiting_) out.answers.emplace_back(w.ticket, err);
  waiting_.clear();
  end_forced(out, err);
  for (auto ticket : force_wanted_) out.forced.emplace_back(ticket, err);
  force_wanted_.clear();
  return out;
}

token_work token_book::next(int64_t now_ms) {
  token_work out;
  serve(out, now_ms);
  if (fetching_) return out;
  if (!force_wanted_.empty()) {
    force_under_way_ = std::exchange(force_wanted_, {});
    forced_ms_.push_back(now_ms);
    if (forced_ms_.size() > cfg_.forced_per_day) forced_ms_.pop_front();
    fetching_ = fetching_by_force_ = true;
    out.fetch = true;
  } else if (now_ms >= next_fetch_ms_) {
    fetching_ = true;
    out.fetch = false;
  }
  return out;
}

void token_book::serve(token_work& out, int64_t now_ms) {
  if (usable(now_ms)) {
    for (const auto& w : waiting_) out.answers.emplace_back(w.ticket, token_);
    waiting_.clear();
    return;
  }
  // All wait equally long, so they end in the order in which they came; but those whose hope is a fetch after their
  // time end now.
  while (!waiting_.empty() &&
         (now_ms >= waiting_.front().until_ms || (!fetching_ && next_fetch_ms_ >= waiting_.front().until_ms))) {
    out.answers.emplace_back(waiting_.front().ticket, fail(ec::unavailable, why_none(now_ms)));
    waiting_.pop_front();
  }
}

void token_book::adopt(const wechat::token_answer& answer, int64_t now_ms) {
  // The same value again is the same token: a refusal of it that is still on its way must find its version. One on
  // trial is to be refused anew.
  if (answer.value != token_.value || token_.version == 0) {
    // Above all versions of an earlier life of this actor, which those who were refused may remember.
    token_.version = std::max(token_.version + 1, static_cast<uint64_t>(std::max<int64_t>(now_ms, 1)));
    adopted_ms_ = now_ms;
  }
  token_.value = answer.value;
  expires_ms_ = now_ms + std::max<int64_t>(answer.expires_in_s, cfg_.life_s_min) * 1'000;
  next_fetch_ms_ = now_ms + std::max<int64_t>(answer.expires_in_s - cfg_.early_s, cfg_.life_s_min) * 1'000;
  refused_value_ = secret();
  on_trial_ = false;
  problem_.clear();
}

void token_book::came_back_the_same(int64_t now_ms) {
  on_trial_ = true;
  auto gap = refusal_gap_ms(same_in_a_row_++);
  next_fetch_ms_ = now_ms + gap;
  refusal_fetch_ms_ = next_fetch_ms_;
  last_error_ = "WeChat refused the token with " + std::to_string(refused_errcode_) +
                " and yet gives out the same one as the present one; it is tried again after a pause of " +
                seconds(gap) + ". If this lasts, force a new one: POST /v1/apps/NAME/token/refresh";
  problem_ = last_error_;
}

void token_book::name_foreign_manager(int64_t now_ms) {
  // WeChat keeps a stable token for its whole life unless somebody forces a new one. 42001 is plain expiry.
  if (refused_errcode_ == 42001 || refused_left_ms_ <= static_cast<int64_t>(cfg_.early_s) * 1'000) return;
  ++foreign_;
  foreign_ms_ = now_ms;
  foreign_problem_ =
      "a second token manager is at work for this appid: our token was replaced (" + std::to_string(refused_errcode_) +
      ", not latest) at the age of " + seconds(refused_age_ms_) + " though it had " + seconds(refused_left_ms_) +
      " to live; seen " + std::to_string(foreign_) +
      " times. Find the program or person that forces new tokens (stable_token with force_refresh) and stop it";
  last_error_ = foreign_problem_;
}

void token_book::failed(const wechat::token_answer& answer, int64_t now_ms) {
  ++failures_;
  ++failures_in_a_row_;
  auto refused = answer.end == wechat::token_end::refused;
  last_error_ = refused ? "the token interface refused: " + wechat::describe(answer.errcode, answer.detail)
                        : "the token interface gave no token: " + answer.detail;
  problem_ = last_error_;
  auto fatal = refused && needs_operator(answer.errcode);
  auto pause = fatal ? wechat::backoff_ms(0, cfg_.fatal_backoff_ms, cfg_.fatal_backoff_ms, random_)
                     : wechat::backoff_ms(failures_in_a_row_, cfg_.backoff_min_ms, cfg_.backoff_max_ms, random_);
  next_fetch_ms_ = now_ms + pause;
}

void token_book::end_forced(token_work& out, const caf::error& err) {
  for (auto ticket : force_under_way_) out.forced.emplace_back(ticket, err);
  force_under_way_.clear();
}

uint32_t token_book::refusal_gap_ms(uint32_t doublings) {
  auto gap = std::min<uint64_t>(uint64_t{cfg_.refused_gap_ms} << std::min(doublings, 10u), cfg_.refused_gap_max_ms);
  // Never shorter than the gap; a tenth more at random, so that nodes do not ask at the same instant.
  return static_cast<uint32_t>(gap + std::uniform_int_distribution<uint64_t>(0, gap / 10)(random_));
}

uint32_t token_book::forced_left(int64_t now_ms) const {
  auto used = std::count_if(forced_ms_.begin(), forced_ms_.end(), [&](int64_t at) { return now_ms - at < day_ms; });
  return cfg_.forced_per_day - std::min(cfg_.forced_per_day, static_cast<uint32_t>(used));
}

std::string token_book::why_none(int64_t now_ms) const {
  std::string why = last_error_.empty() ? "none was fetched yet" : last_error_;
  return "no access token: " + why +
         (fetching_ ? "; WeChat is being asked" : "; next try in " + seconds(next_fetch_ms_ - now_ms));
}

std::string token_book::problem(int64_t now_ms) const {
  if (!problem_.empty()) return problem_;
  return foreign_ > 0 && now_ms - foreign_ms_ < foreign_shown_for_ms ? foreign_problem_ : "";
}

token_book::facts token_book::look(int64_t now_ms) const {
  facts out;
  out.has_token = usable(now_ms);
  if (out.has_token) {
    out.age_s = (now_ms - adopted_ms_) / 1'000;
    out.expires_in_s = (expires_ms_ - now_ms) / 1'000;
  }
  out.next_fetch_in_s = std::max<int64_t>(next_fetch_ms_ - now_ms, 0) / 1'000;
  out.refreshes = refreshes_;
  out.failures = failures_;
  out.refused = refused_;
  out.foreign_manager = foreign_;
  out.forced_left = forced_left(now_ms);
  out.last_error = last_error_;
  return out;
}

} // namespace qrwell
