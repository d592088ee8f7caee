#include "actors/request_server/request_desk.hpp"

#include "runtime/http/json.hpp"

#include <boost/json/monotonic_resource.hpp>

namespace qrwell {
namespace {

bool is_codes_target(std::string_view target) {
  return target.substr(0, target.find('?')) == "/v1/codes";
}

} // namespace

void request_desk::requests(uint32_t sink, http_batch& batch, moment now) {
  boost::json::monotonic_resource memory;
  out_.binds.requests.reserve(out_.binds.requests.size() + batch.requests.size());
  for (auto& request : batch.requests) receive(sink, request, now, &memory);
}

void request_desk::receive(uint32_t sink, http_request& request, moment now, boost::json::storage_ptr memory) {
  ++counts_.received;
  auto refuse_now = [&](http::problem what) {
    ++counts_.refused;
    if (tell_) out_.told.push_back({request.request_id, "", "", "", "", what.code, what.detail});
    answers_.problem(sink, request, what);
  };
  if (!is_codes_target(request.target)) {
    refuse_now({ec::not_found, "There is nothing at this address."});
    return;
  }
  if (request.method != http_method::post) {
    http::problem what{ec::invalid_request, "A code is asked for with POST.", 0, "POST"};
    what.status = 405;
    refuse_now(std::move(what));
    return;
  }
  auto* entered = visits_.enter();
  if (!entered) {
    refuse_now({ec::overloaded, "Too many requests for codes are waiting here. Try again.", 1});
    return;
  }
  auto& v = *entered;
  v.stage = visit_stage::keys;
  v.sink = sink;
  v.at = request.at;
  v.came_at_reading = readings_;
  v.came_ms = now.mono_ms;
  v.deadline_ms = now.mono_ms + (request.remaining_ms != 0 ? request.remaining_ms : cfg_.request_deadline_ms);
  v.live_deadline_ms = v.deadline_ms + cfg_.live_deadline_ms - cfg_.request_deadline_ms;
  v.request_id = request.request_id;
  if (keys_are_fresh(now)) {
    admit(v, request, now, memory);
  } else if (auto form = check_form(request.authorization.reveal())) {
    refuse(v, {ec::unauthorized, sentence_of(form)}); // no reading of the keys makes it one
  } else {
    await_keys(v, request, {ec::unavailable, "The keys could not be read for some seconds, so none is accepted.", 1});
  }
}

bool request_desk::keys_are_fresh(moment now) const noexcept {
  return keys_.read_at_ms() >= 0 && now.mono_ms - keys_.read_at_ms() <= cfg_.keys_age_max_ms;
}

// One that must wait for a reading of the keys: bounded, since anybody can send a key that nobody knows.
void request_desk::await_keys(visit& v, http_request& request, http::problem otherwise) {
  if (keys_waiting_ >= cfg_.keys_waiting_max) {
    refuse(v, std::move(otherwise));
    return;
  }
  ++keys_waiting_;
  v.stage = visit_stage::keys;
  v.request = std::make_unique<http_request>(std::move(request));
}

void request_desk::admit(visit& v, http_request& request, moment now, const boost::json::storage_ptr& memory) {
  auto found = keys_.look_up(request.authorization, now.wall_ms);
  if (found.verdict == key_verdict::unknown && v.came_at_reading >= reading_seen_) {
    // Perhaps it was made after the last reading: a fresh key must work at once.
    await_keys(v, request, {ec::unauthorized, sentence_of(error_of(found.verdict))});
    return;
  }
  if (found.verdict != key_verdict::good) {
    refuse(v, {ec::unauthorized, sentence_of(error_of(found.verdict))});
    return;
  }
  const auto& key = *found.key;
  v.rate = keys_.charge(key, now.mono_ms);
  v.timed = is_admin(key);
  if (!v.rate.allowed) {
    refuse(v, {ec::rate_limited,
               "The key '" + key.name + "' is past its limit of " + std::to_string(v.rate.limit) +
                   " requests at once; RateLimit-Reset says when all of them are free again.",
               v.rate.retry_after_s});
    return;
  }
  if (!http::is_json_type(request.content_type)) {
    refuse(v, http::problem_not_json());
    return;
  }
  if (auto err = fill(v, request, key, now, memory)) {
    refuse(v, {code_of(err), sentence_of(err)});
    return;
  }
  v.image_format = v.pool->image_format;
  if (v.form != wanted_form::json && v.image_format.empty()) {
    refuse(v, {ec::unavailable,
               "Pool '" + v.pool->name +
                   "' is starting; the form of its images is not known yet. Try again, or ask for JSON.",
               1});
    return;
  }
  if ((v.form == wanted_form::jpeg && v.image_format != "jpeg") ||
      (v.form == wanted_form::png && v.image_format != "png")) {
    http::problem what{ec::invalid_request,
                       "Accept: the images of pool '" + v.pool->name + "' are image/" + v.image_format + "."};
    what.status = 406;
    refuse(v, std::move(what));
    return;
  }
  set_out(v, now);
}

void request_desk::set_out(visit& v, moment now) {
  if (v.otherwise || v.bind.reuse_hash != digest{})
    ask_what_it_got(v);
  else
    climb(v, now);
}

caf::error request_desk::fill(visit& v, http_request& request, const api_key& key, moment now,
                              const boost::json::storage_ptr& memory) {
  if (auto err = permit_scope(key, scope_issue)) return err;
  auto keyed = request.idempotency_key_sent;
  if (keyed)
    if (auto err = check_idempotency_key(request.idempotency_key)) return err;
  auto issue = read_issue(request.body, now.wall_ms, keyed, memory, cfg_.target);
  if (!issue) return std::move(issue.error());
  v.form = wanted_by(request.accept);
  v.bind.idempotency_key = std::move(request.idempotency_key);
  return fill(v, *issue, key);
}

caf::error request_desk::fill(visit& v, issue_request& issue, const api_key& key) {
  auto pool = choose_pool(key, issue.pool);
  if (!pool) return std::move(pool.error());
  auto known = pools_.find(*pool);
  if (known == pools_.end()) return fail(ec::invalid_request, "pool: there is no pool '" + *pool + "' here.");
  if (auto err = permit_path(key, issue.path)) return err;
  if (auto err = check_on_empty(issue.on_empty, *pool, known->second.on_empty)) {
    // A pool's list may have changed since the first try of a request that is repeated now, and a retry gets its code
    // (P5).
    if (v.bind.idempotency_key.empty()) return err;
    v.otherwise = std::make_unique<http::problem>(http::problem{code_of(err), sentence_of(err)});
  }
  v.pool = &known->second;
  v.key = key.name;
  v.key_id = key.key_id;
  auto live_wanted = (issue.on_empty.value_or(rung_live) & rung_live) != 0;
  v.who = {v.ticket, key.priority, live_wanted, v.deadline_ms, v.live_deadline_ms};
  // A link code's image is a PNG.
  v.who.link_wanted = !v.pool->link.prefix.empty() && v.form != wanted_form::jpeg &&
                      (issue.on_empty.value_or(rung_link) & v.pool->on_empty & rung_link) != 0;
  v.who.link_first = v.pool->link.first;
  auto& b = v.bind;
  b.ticket = v.ticket;
  b.pool = std::move(*pool);
  b.owner = key.owner;
  b.path = std::move(issue.path);
  b.query = std::move(issue.query);
  b.tags = std::move(issue.tags);
  b.expires_ms = issue.expires_ms;
  b.expires_after_s = issue.expires_after_s;
  b.body_hash = issue.body_hash;
  b.reuse_hash = issue.reuse_hash;
  b.daily_codes_max = key.daily_codes;
  b.key_id = key.key_id;
  b.actor = "key:" + key.name;
  b.request_id = v.request_id;
  return caf::none;
}

// -- reading the keys ------------------------------------------------------------------------------------------------

void request_desk::read_keys_if_due(moment now) {
  if (reading_keys_) return;
  bool again = keys_waiting_ > 0 && now.mono_ms >= keys_asked_ms_ + cfg_.keys_again_ms;
  if (now.mono_ms < keys_due_ms_ && !again) return;
  reading_keys_ = true;
  ++readings_;
  keys_asked_ms_ = now.mono_ms;
  out_.read_keys = true;
}

void request_desk::keys_read(keys_snapshot keys, moment now) {
  reading_keys_ = false;
  reading_seen_ = readings_;
  keys_due_ms_ = now.mono_ms + cfg_.keys_refresh_ms;
  // As old as the question: what changed between it and the answer is not in it.
  keys_.replace(std::move(keys), keys_asked_ms_);
  boost::json::monotonic_resource memory;
  visits_.for_each([&](visit& v) {
    if (v.stage != visit_stage::keys) return;
    --keys_waiting_;
    auto request = std::move(v.request);
    admit(v, *request, now, &memory);
  });
}

void request_desk::keys_failed(moment now) {
  reading_keys_ = false;
  keys_due_ms_ = now.mono_ms + cfg_.keys_retry_ms;
}

} // namespace qrwell
