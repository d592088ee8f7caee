#include "actors/request_server/request_desk.hpp"

namespace qrwell {

// What a request got before: the store is asked, and the code is shown again.

void request_desk::ask_what_it_got(visit& v) {
  v.stage = visit_stage::recall;
  auto& asked = out_.recall.requests.emplace_back();
  asked.ticket = v.ticket;
  asked.pool = v.bind.pool;
  asked.owner = v.bind.owner;
  asked.idempotency_key = v.bind.idempotency_key;
  asked.body_hash = v.bind.body_hash;
  asked.reuse_hash = v.bind.reuse_hash;
  asked.expires_ms = v.bind.expires_ms;
  asked.expires_after_s = v.bind.expires_after_s;
}

void request_desk::recalled(bind_group_result& result, moment now) {
  for (auto& one : result.results) {
    auto* found = visits_.find(one.ticket);
    if (!found || found->stage != visit_stage::recall) continue;
    auto& v = *found;
    switch (one.end) {
    case bind_end::reused:
      // Who has a key gets it from the bind, which writes down what the key got: a retry is to get the same (P5).
      if (!v.bind.idempotency_key.empty()) {
        bind_without_code(v, now);
        break;
      }
      [[fallthrough]];
    case bind_end::replay:
      v.reused = one.end == bind_end::reused;
      show_again(v, one.code, now);
      break;
    case bind_end::key_reused:
      refuse(v, reused_key());
      break;
    default:
      go_on_without(v, now);
    }
  }
}

void request_desk::not_recalled(const bind_recall& asked, moment now) {
  for (const auto& one : asked.requests)
    if (auto* v = visits_.find(one.ticket); v && v->stage == visit_stage::recall) go_on_without(*v, now);
}

// Offers none: ends as reused, or as a lost race if what could be reused is gone meanwhile.
void request_desk::bind_without_code(visit& v, moment now) {
  v.code = {};
  send_bind(v, now);
  auto& b = out_.binds.requests.back();
  b.link_prefix.clear();
  b.gen_id = v.pool->ladder->state().gen_id;
}

// Without a memory the bind itself will tell; who had no code to bind stays without one.
void request_desk::go_on_without(visit& v, moment now) {
  if (v.otherwise)
    refuse(v, std::move(*v.otherwise));
  else if (!follows(v))
    climb(v, now);
}

/// Whether another request is getting a code that this one may reuse: then it waits, and asks for it once more. If that
/// one got none, all who waited look for themselves.
bool request_desk::follows(visit& v) {
  if (v.bind.reuse_hash == digest{} || v.followed || v.lead) return false;
  const auto& hash = v.bind.reuse_hash;
  v.lead =
      reuse_flights_.join(v.bind.owner + '\n' + v.bind.pool + '\n' + std::string(hash.begin(), hash.end()), v.ticket);
  v.followed = !v.lead;
  if (v.followed) v.stage = visit_stage::recall;
  return v.followed;
}

void request_desk::wake_followers() {
  for (auto ticket : reuse_flights_.take_woken())
    if (auto* v = visits_.find(ticket); v && v->stage == visit_stage::recall) ask_what_it_got(*v);
}

// A key is its owner's, and so is what it got; but another key of the owner may be kept to other pools, and a code that
// it cannot even read is none to give it.
bool request_desk::may_see(const visit& v, const code_view& code, moment now) {
  if (code.pool == v.pool->name) return true;
  auto asks = keys_.find(v.key_id, now.wall_ms);
  return asks.verdict == key_verdict::good && !permit_pool(*asks.key, code.pool);
}

void request_desk::show_again(visit& v, code_view& code, moment now) {
  if (!may_see(v, code, now))
    return refuse(v, {ec::idempotency_reuse,
                      "This Idempotency-Key got a code of a pool that the key '" + v.key +
                          "' may not use, by another key of the same owner. Use a new one for a new code."});
  if (v.form == wanted_form::json) {
    ++(v.reused ? counts_.reused : counts_.replayed);
    note_code(v, code.id, "");
    answers_.replayed(v, code, nullptr, now.wall_ms);
    visits_.leave(v);
  } else if (code.state == code_state::revoked) {
    refuse(v, {ec::revoked,
               "Code " + code.id + ", which this Idempotency-Key got, is revoked; it has no image any more."});
  } else if (code.kind == code_kind::link) {
    show_link_again(v, code, now);
  } else if (images_open_ >= cfg_.images_max) {
    refuse(v, {ec::overloaded, "Too many images are being read. Try again, or ask for JSON.", 1});
  } else {
    v.stage = visit_stage::replayed_image;
    ++images_open_;
    out_.images.emplace_back(v.ticket, image_get{code.id, code.image_format});
    v.replayed = std::make_unique<code_view>(std::move(code));
  }
}

} // namespace qrwell
