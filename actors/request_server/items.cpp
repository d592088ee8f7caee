#include "actors/request_server/request_desk.hpp"

namespace qrwell {

// Items of batches: after their admission they are visits like all others, and only their ends go another way.

void request_desk::items(uint32_t asker, issue_items& batch, moment now) {
  for (auto& item : batch.items) receive_item(asker, item, now);
}

void request_desk::receive_item(uint32_t asker, issue_item& item, moment now) {
  auto later = [&](uint32_t after_ms, http::problem why) { answers_.later(asker, item.ticket, why, after_ms); };
  if (!keys_are_fresh(now))
    return later(cfg_.keys_retry_ms, {ec::unavailable, "The keys could not be read in time to check this one."});
  auto found = keys_.find(item.key_id, now.wall_ms);
  if (found.verdict == key_verdict::unknown) {
    // The batch_server knows it, so it is new: the next reading has it.
    keys_due_ms_ = std::min(keys_due_ms_, keys_asked_ms_ + cfg_.keys_again_ms);
    return later(cfg_.keys_retry_ms, {ec::unavailable, "The key could not be read in time."});
  }
  if (visits_.full())
    return later(cfg_.tick_ms, {ec::overloaded, "Too many requests for codes are waiting here. Try again.", 1});
  if (found.verdict == key_verdict::good) {
    auto rate = keys_.charge(*found.key, now.mono_ms);
    if (!rate.allowed)
      return later(rate.retry_after_s * 1'000,
                   {ec::rate_limited, "The key '" + found.key->name + "' is past its rate of " +
                                          std::to_string(rate.limit) + " requests, of which each item is one."});
  }
  ++counts_.received;
  auto& v = *visits_.enter();
  v.stage = visit_stage::keys;
  v.sink = asker;
  v.is_item = true;
  v.item = item.ticket;
  v.request_id = std::move(item.request_id);
  v.deadline_ms = now.mono_ms + std::max<uint32_t>(1, item.remaining_ms);
  v.live_deadline_ms = v.deadline_ms;
  if (found.verdict != key_verdict::good) return refuse(v, {ec::unauthorized, sentence_of(error_of(found.verdict))});
  issue_request issue;
  issue.pool = std::move(item.pool);
  issue.path = std::move(item.path);
  issue.query = std::move(item.query);
  issue.tags = std::move(item.tags);
  issue.expires_ms = item.expires_ms;
  issue.expires_after_s = item.expires_after_s;
  issue.reuse_hash = item.reuse_hash;
  issue.body_hash = item.body_hash;
  if (item.on_empty_told) issue.on_empty = item.on_empty;
  v.bind.idempotency_key = std::move(item.idempotency_key);
  auto err = permit_scope(*found.key, scope_issue);
  if (!err) err = fill(v, issue, *found.key);
  if (err) return refuse(v, {code_of(err), sentence_of(err)});
  v.who.live_wanted = false; // a batch would take the live reserve from those who wait for one code
  set_out(v, now);
}

} // namespace qrwell
