#include "actors/request_server/request_desk.hpp"

#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"
#include "runtime/qr/link_code.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

// WeChat's transparent codes are PNG, all others JPEG.
std::string format_of(const std::string& spec) {
  auto value = http::parse_json(spec);
  auto* members = value ? value->if_object() : nullptr;
  auto* hyaline = members ? members->if_contains("hyaline") : nullptr;
  return hyaline && hyaline->is_bool() && hyaline->get_bool() ? "png" : "jpeg";
}

// 64 random bits of this actor and a count below them: new for every attempt, without asking OpenSSL each time.
void count_up(nonce& mark) {
  for (size_t i = mark.size(); i-- > mark.size() / 2;)
    if (++mark[i] != 0) return;
}

constexpr int64_t images_missing_told_for_ms = 600'000; // after the last one

// Why one code after the other could not be had.
std::string why_unusable(const visit& v) {
  if (v.without_image == 0) return fmt::format("{} codes in a row turned out to be taken; nothing was bound.", v.races);
  if (v.without_image == v.races)
    return fmt::format("The images of {} codes in a row are missing, so that they cannot be handed out; nothing was "
                       "bound.",
                       v.races);
  return fmt::format("{} codes in a row could not be handed out: {} were taken, the images of {} are missing; nothing "
                     "was bound.",
                     v.races, v.races - v.without_image, v.without_image);
}

http::problem reused_key() {
  return {ec::idempotency_reuse,
          "This Idempotency-Key was used with another body in the last 7 days. Use a new key for a new code."};
}

bool is_link(const visit& v) {
  return v.who.reached == rung::link;
}

uint32_t seconds_to_midnight(int64_t wall_ms) {
  constexpr int64_t day_ms = 86'400'000;
  return static_cast<uint32_t>((day_ms - wall_ms % day_ms + 999) / 1'000);
}

} // namespace

request_desk::request_desk(const request_server_config& cfg, const std::vector<std::string>& pools)
    : cfg_(cfg)
    , visits_(cfg.waiting_max)
    , answers_(cfg.public_url)
    , next_mark_(random_nonce()) {
  for (const auto& pool : pools) {
    auto& desk = pools_[pool];
    desk.name = pool;
    if (auto listed = cfg.on_empty.find(pool); listed != cfg.on_empty.end()) desk.on_empty = listed->second;
    if (auto link = cfg.links.find(pool); link != cfg.links.end()) desk.link = link->second;
    desk.ladder = std::make_unique<ladder>(pool, cfg.shelf);
  }
}

void request_desk::set_limits(const issue_limits& limits) {
  cfg_.waiting_max = limits.waiting_max;
  cfg_.request_deadline_ms = limits.request_deadline_ms;
  cfg_.live_deadline_ms = limits.live_deadline_ms;
  cfg_.target = {limits.path_bytes_max, limits.query_bytes_max, limits.tags_max, limits.tag_bytes_max};
  cfg_.shelf.lots_max = limits.shelf_lots_max;
  visits_.set_max(limits.waiting_max);
  for (auto& [name, pool] : pools_) pool.ladder->shelf().set_lots_max(limits.shelf_lots_max);
}

void request_desk::pool_changed(const pool_state& state, moment now) {
  auto found = pools_.find(state.pool);
  if (found == pools_.end()) return;
  auto& pool = found->second;
  if (pool.spec != state.spec) {
    pool.spec = state.spec;
    pool.image_format = pool.link.no_stock ? "png" : format_of(state.spec);
  }
  pool.ladder->set_state(state, now.mono_ms);
}

void request_desk::claim_ended(const claim_result& result, moment now) {
  if (auto found = pools_.find(result.pool); found != pools_.end())
    found->second.ladder->claim_ended(result, now.mono_ms);
}

void request_desk::live_ended(const std::string& pool, uint64_t order, const caf::expected<live_codes>& result,
                              moment now) {
  if (auto found = pools_.find(pool); found != pools_.end())
    found->second.ladder->live_ended(order, result, now.mono_ms);
}

// -- on the way
// --------------------------------------------------------------------------------------------------------

void request_desk::climb(visit& v, moment now) {
  v.stage = visit_stage::ladder;
  v.pool->ladder->climb(v.who, now.mono_ms);
}

void request_desk::settle_ladders(moment now) {
  for (auto& [name, pool] : pools_)
    for (auto& end : pool.ladder->take_ends()) {
      auto* v = visits_.find(end.who.ticket);
      if (!v || v->stage != visit_stage::ladder) {
        if (end.code) pool.ladder->shelf().give_back(std::move(*end.code));
      } else if (end.code) {
        v->who = end.who;
        start(*v, std::move(*end.code), now);
      } else if (end.link) {
        v->who = end.who;
        start_link(*v, now);
      } else {
        http::problem why{end.why, std::move(end.detail), end.retry_after_s};
        // A retry gets the code that it got before, though there is none for anybody else (P5).
        if (v->bind.idempotency_key.empty()) {
          refuse(*v, std::move(why));
        } else {
          v->otherwise = std::make_unique<http::problem>(std::move(why));
          ask_what_it_got(*v);
        }
      }
    }
}

// An answer that is an image needs its bytes before the commit: a code without one must never be sold.
void request_desk::start(visit& v, shelf_code code, moment now) {
  v.code = std::move(code);
  if (v.form == wanted_form::json) {
    send_bind(v, now);
  } else if (images_open_ >= cfg_.images_max) {
    free_code(v);
    refuse(v, {ec::overloaded, "Too many images are being read. Try again, or ask for JSON.", 1});
  } else {
    v.stage = visit_stage::image;
    ++images_open_;
    out_.images.emplace_back(v.ticket, image_get{v.code.id, v.image_format});
  }
}

// No shelf knows this code: until it is bound it is nothing but an id.
void request_desk::start_link(visit& v, moment now) {
  v.code = {cfg_.mint(), 0, v.pool->ladder->state().gen_id};
  if (v.form != wanted_form::json) {
    auto png = link_code_png(v.pool->link.prefix + v.code.id, link_width_default);
    if (!png) {
      free_code(v);
      return refuse(v, {ec::internal, "The link code could not be drawn; nothing was bound. Ask for JSON."});
    }
    v.image = std::move(*png);
    v.image_format = "png";
  }
  send_bind(v, now);
}

void request_desk::image_ended(uint64_t ticket, caf::expected<image_data> result, moment now) {
  images_open_ -= images_open_ > 0 ? 1 : 0;
  auto* found = visits_.find(ticket);
  if (!found) return;
  auto& v = *found;
  if (v.stage == visit_stage::replayed_image) {
    if (result && result->found) {
      ++(v.reused ? counts_.reused : counts_.replayed);
      note_code(v, v.replayed->id, "");
      answers_.replayed(v, *v.replayed, &result->data, now.wall_ms);
      visits_.leave(v);
    } else if (result) {
      refuse(v,
             {ec::not_found, "The image of code " + v.replayed->id + ", which this Idempotency-Key got, is not here."});
    } else {
      refuse(v, {ec::unavailable, "The image store does not answer. The code is bound; repeat the request.", 1});
    }
    return;
  }
  if (v.stage != visit_stage::image) return;
  if (!result) {
    free_code(v);
    refuse(v, {ec::unavailable, "The image store does not answer; nothing was bound.", 1});
  } else if (!result->found) {
    out_.kills.reason = "image_lost";
    out_.kills.ids.push_back(v.code.id);
    ++v.without_image;
    ++images_missing_;
    image_missed_ms_ = now.mono_ms;
    next_code(v, now);
  } else {
    v.image = std::move(result->data);
    send_bind(v, now);
  }
}

void request_desk::send_bind(visit& v, moment now) {
  v.stage = visit_stage::bind;
  v.bind_ms = now.mono_ms;
  auto deadline = v.who.live_done ? v.live_deadline_ms : v.deadline_ms;
  auto& b = out_.binds.requests.emplace_back(std::move(v.bind));
  b.id = v.code.id;
  b.link_prefix = is_link(v) ? v.pool->link.prefix : std::string();
  b.lot_no = v.code.lot_no;
  b.gen_id = v.code.gen_id;
  count_up(next_mark_);
  b.mark = next_mark_;
  b.remaining_ms = static_cast<uint32_t>(std::max<int64_t>(1, deadline - now.mono_ms));
}

// -- what a request got before ---------------------------------------------------------------------------------------

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

void request_desk::bind_ended(bind_results& results, moment now) {
  for (auto& result : results.results) bind_ended(result, now);
}

void request_desk::bind_ended(bind_result& result, moment now) {
  auto* found = visits_.find(result.ticket);
  if (!found || found->stage != visit_stage::bind) return; // answered as unknown long ago
  auto& v = *found;
  if (v.timed)
    v.times =
        fmt::format("Server-Timing: code;dur={}, commit;dur={}\r\n", v.bind_ms - v.came_ms, now.mono_ms - v.bind_ms);
  switch (result.end) {
  case bind_end::bound:
    ++counts_.bound;
    ++v.pool->issued[static_cast<size_t>(v.who.reached)];
    note_code(v, v.code.id, to_string(v.who.reached));
    resolve_code(v, code_end::bound);
    answers_.bound(v, result.code, now.wall_ms);
    visits_.leave(v);
    return;
  case bind_end::replay:
  case bind_end::reused:
    free_code(v);
    v.reused = result.end == bind_end::reused;
    show_again(v, result.code, now);
    return;
  case bind_end::key_reused:
    free_code(v);
    refuse(v, reused_key());
    return;
  case bind_end::over_budget:
    free_code(v);
    refuse(v, {ec::rate_limited,
               "The key '" + v.key + "' has had all the codes of its daily budget. The next day begins at 00:00 UTC.",
               seconds_to_midnight(now.wall_ms)});
    return;
  case bind_end::lost_race:
    ++counts_.lost_races;
    if (result.request.size() != 1) {
      resolve_code(v, code_end::lost);
      refuse(v, {ec::internal, "What was asked for did not come back from a code that was taken; nothing was bound."});
      return;
    }
    v.bind = std::move(result.request.front());
    v.code.id.empty() ? go_on_without(v, now) : next_code(v, now);
    return;
  case bind_end::late:
    free_code(v);
    refuse(v, {ec::timeout, "The request could not be committed in time; nothing was bound.", 1});
    return;
  case bind_end::failed:
    free_code(v);
    // Why is for the log and for status: it names files and statements.
    refuse(v, {ec::unavailable, "The store cannot bind a code at the moment; nothing was bound. Try again.", 1});
    return;
  case bind_end::quarantined:
    ++counts_.unknown;
    resolve_code(v, code_end::stuck);
    refuse(v, {ec::outcome_unknown,
               "It is not known yet whether the store committed this. Repeat the request with the same Idempotency-Key "
               "to get the same code.",
               1});
    return;
  }
}

// The code of this visit is somebody else's, or has no image: the next one, a few times.
void request_desk::next_code(visit& v, moment now) {
  resolve_code(v, code_end::lost);
  if (v.races++ >= cfg_.races_max)
    refuse(v, {ec::unavailable, why_unusable(v), 1});
  else if (is_link(v))
    start_link(v, now);
  else
    climb(v, now);
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

void request_desk::show_link_again(visit& v, const code_view& code, moment now) {
  auto png = link_code_png(code.link_prefix + code.id, link_width_default);
  if (!png || v.form == wanted_form::jpeg) {
    http::problem what{ec::invalid_request,
                       "Accept: code " + code.id +
                           ", which this request got before, is a link code, whose image is image/png."};
    what.status = 406;
    return refuse(v, std::move(what));
  }
  ++(v.reused ? counts_.reused : counts_.replayed);
  note_code(v, code.id, "");
  v.image_format = "png";
  answers_.replayed(v, code, &*png, now.wall_ms);
  visits_.leave(v);
}

void request_desk::refuse(visit& v, http::problem what) {
  ++counts_.refused;
  note_refusal(v, what);
  answers_.problem(v, std::move(what));
  visits_.leave(v);
}

void request_desk::note_code(const visit& v, const std::string& id, std::string_view rung) {
  if (tell_) out_.told.push_back({v.request_id, v.pool->name, v.key, id, std::string(rung), ec::none, {}});
}

void request_desk::note_refusal(const visit& v, const http::problem& what) {
  if (!tell_) return;
  out_.told.push_back({v.request_id, v.pool ? v.pool->name : "", v.key, {}, {}, what.code, what.detail});
}

void request_desk::free_code(visit& v) {
  if (is_link(v) || v.code.id.empty()) {
    v.code = {};
    return;
  }
  v.pool->ladder->shelf().give_back(std::exchange(v.code, {}));
}

void request_desk::resolve_code(visit& v, code_end end) {
  if (!is_link(v) && !v.code.id.empty()) v.pool->ladder->shelf().resolve(v.code.lot_no, v.code.gen_id, end);
  v.code = {};
}

// -- time
// --------------------------------------------------------------------------------------------------------------

void request_desk::tick(moment now) {
  for (auto& [name, pool] : pools_) pool.ladder->tick(now.mono_ms);
  settle_ladders(now);
  expire(now);
  if (now.mono_ms >= report_due_ms_) {
    report_due_ms_ = now.mono_ms + cfg_.report_ms;
    for (auto& [name, pool] : pools_) {
      auto& shelf = pool.ladder->shelf();
      shelf.measure(now.mono_ms);
      out_.reports.push_back({name, shelf.codes(), shelf.take_issued()});
    }
  }
  if (now.mono_ms - image_missed_ms_ > images_missing_told_for_ms) images_missing_ = 0;
  if (used_due_ms_ == long_ago) used_due_ms_ = now.mono_ms + cfg_.keys_used_flush_ms;
  if (now.mono_ms >= used_due_ms_) {
    used_due_ms_ = now.mono_ms + cfg_.keys_used_flush_ms;
    out_.used.key_ids = keys_.take_used();
  }
}

void request_desk::expire(moment now) {
  visits_.for_each([&](visit& v) {
    // The persister ends every bind in time. If it does not, it is gone, and nobody here knows what it did.
    auto last = v.stage == visit_stage::bind
                    ? std::max(v.deadline_ms, v.who.live_done ? v.live_deadline_ms : 0) + cfg_.answer_grace_ms
                    : v.deadline_ms;
    if (v.stage == visit_stage::image && v.who.live_done) last = v.live_deadline_ms;
    if (v.stage == visit_stage::ladder || now.mono_ms < last) return; // the ladder looks at its own
    switch (v.stage) {
    case visit_stage::keys:
      --keys_waiting_;
      refuse(v, {ec::unavailable, "The keys could not be read in time to check this one.", 1});
      break;
    case visit_stage::recall:
      refuse(v, v.otherwise ? std::move(*v.otherwise)
                            : http::problem{ec::timeout,
                                            "The store did not say in time whether there is such a code; "
                                            "nothing was bound.",
                                            1});
      break;
    case visit_stage::image:
      free_code(v);
      refuse(v, {ec::timeout, "The image was not read in time; nothing was bound.", 1});
      break;
    case visit_stage::replayed_image:
      refuse(v, {ec::timeout, "The image was not read in time. The code is bound; repeat the request.", 1});
      break;
    default:
      ++counts_.unknown;
      resolve_code(v, code_end::stuck);
      refuse(v, {ec::outcome_unknown,
                 "It is not known whether the store committed this. Repeat the request with the same Idempotency-Key.",
                 1});
    }
  });
}

desk_effects request_desk::take(moment now) {
  settle_ladders(now);
  wake_followers();
  for (auto& [name, pool] : pools_) {
    if (auto claim = pool.ladder->take_claim(now.mono_ms)) out_.claims.push_back(std::move(*claim));
    while (auto live = pool.ladder->take_live(now.mono_ms)) out_.lives.push_back(std::move(*live));
    auto done_lots = pool.ladder->shelf().take_done();
    out_.done_lots.lots.insert(out_.done_lots.lots.end(), done_lots.begin(), done_lots.end());
  }
  read_keys_if_due(now);
  out_.answers = answers_.take();
  out_.item_ends = answers_.take_items();
  return std::exchange(out_, {});
}

actor_status request_desk::status() const {
  actor_status out{"request_server", "request_server", "", ""};
  std::string pools, issued;
  for (const auto& [name, pool] : pools_) {
    const auto& shelf = pool.ladder->shelf();
    pools += fmt::format(R"({}{{"pool":"{}","codes":{},"lots":{},"issued_per_s":{:.1f},"waiting":{}}})",
                         pools.empty() ? "" : ",", name, shelf.codes(), shelf.lots(), shelf.rate_per_s(),
                         pool.ladder->waiting());
    issued += fmt::format(R"({}"{}":{{)", issued.empty() ? "" : ",", name);
    for (size_t i = 0; i < rungs; ++i)
      issued += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",", to_string(static_cast<rung>(i)), pool.issued[i]);
    issued += '}';
    if (shelf.failures() > 1) out.problem = "The store does not answer claims of codes for pool '" + name + "'.";
  }
  if (images_missing_ > 0 && out.problem.empty())
    out.problem = fmt::format("The images of {} codes in stock were not found when they were asked for: look at "
                              "images.dir. The codes are dead now; others in stock may lack theirs.",
                              images_missing_);
  if (keys_.read_at_ms() < 0) out.problem = "The keys were not read yet.";
  out.facts = fmt::format(
      R"({{"under_way":{},"received":{},"bound":{},"replayed":{},"reused":{},"refused":{},"lost_races":{},"unknown":{},"keys":{},"issued":{{{}}},"shelves":[{}]}})",
      visits_.size(), counts_.received, counts_.bound, counts_.replayed, counts_.reused, counts_.refused,
      counts_.lost_races, counts_.unknown, keys_.size(), issued, pools);
  return out;
}

} // namespace qrwell
