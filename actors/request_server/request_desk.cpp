#include "actors/request_server/request_desk.hpp"

#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"

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
    if (desk.link.no_stock) desk.image_format = "png";
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
  // A stocker that has just started has not read it yet.
  if (!state.spec.empty() && pool.spec != state.spec) {
    pool.spec = state.spec;
    if (!pool.link.no_stock) pool.image_format = format_of(state.spec);
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
