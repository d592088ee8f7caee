#include "actors/scan_server/scene_desk.hpp"

#include "actors/scan_server/landing_page.hpp"
#include "runtime/codes/scene_json.hpp"

#include <algorithm>

namespace qrwell {

/// One writer per front end, for the answers of one call.
class scene_desk::writers {
public:
  http::answer_writer& of(sink_id sink) { return writers_[sink]; }

  void into(effects& fx) {
    for (auto& [sink, writer] : writers_)
      if (!writer.empty()) fx.answers[sink] = writer.take();
  }

private:
  std::map<sink_id, http::answer_writer> writers_;
};

namespace {

// A scan is public and told to no one but who holds the id: pages of any origin may read it (Fetch standard, CORS).
constexpr http::header scene_headers[] = {{"Cache-Control", "no-store"}, {"Access-Control-Allow-Origin", "*"}};

int64_t soft_limit_ms(const scan_server_config& cfg) {
  return int64_t{cfg.max_stale_ms} * 2 / 3;
}

} // namespace

caf::error validate(const scan_server_config& cfg) {
  if (cfg.waiting_max == 0) return fail(ec::invalid_config, "scan_server: waiting_max must be at least 1");
  if (cfg.max_stale_ms == 0 || cfg.max_stale_away_ms < cfg.max_stale_ms)
    return fail(ec::invalid_config, "scan_server: max_stale_ms must be at least 1, and max_stale_away_ms no less");
  if (cfg.store_timeout_ms == 0) return fail(ec::invalid_config, "scan_server: store_timeout_ms must be at least 1");
  return {};
}

scene_desk::effects scene_desk::serve(sink_id sink, const http_batch& batch, int64_t mono_ms, int64_t wall_ms) {
  effects fx;
  writers out;
  for (const auto& request : batch.requests) {
    ++counts_.scans;
    waiter who{sink, request.at, 0, scan_form::scene, request.method == http_method::head, request.request_id};
    auto ask = read_scan(request, links_);
    if (!ask) {
      ++counts_.unknown;
      refuse(out, who, code_of(ask.error()), sentence_of(ask.error()));
      continue;
    }
    who.launch = ask->launch;
    who.form = ask->form;
    const auto& id = ask->id;
    if (who.form == scan_form::file) {
      show_file(out, who, id);
      continue;
    }
    if (auto hit = cache_.find(id); hit.found) {
      auto age_ms = mono_ms - hit.asked_ms;
      auto fresh = age_ms < cfg_.max_stale_ms;
      if (fresh || (!store_problem_.empty() && age_ms < cfg_.max_stale_away_ms)) {
        ++(fresh ? counts_.hits : counts_.stale);
        answer(out, fx, who, *hit.found, wall_ms, hot_for_ms(hit, mono_ms));
        if (age_ms >= soft_limit_ms(cfg_)) refresh(fx, id, mono_ms);
        continue;
      }
    }
    auto verdict = keys_->check(id);
    if (verdict == id_verdict::forged && !keys_known_) verdict = id_verdict::unknown_key;
    if (verdict == id_verdict::forged) {
      ++counts_.forged;
      refuse(out, who, ec::unknown_code, "no code has this id");
      continue;
    }
    if (id.empty() || id.size() > 128) {
      ++counts_.unknown;
      refuse(out, who, ec::unknown_code, "no code has this id: an id has 1 to 128 characters");
      continue;
    }
    auto entry = looking_up_.find(id);
    auto foreign = verdict == id_verdict::unknown_key;
    if (waiting_ >= cfg_.waiting_max ||
        (entry == looking_up_.end() && foreign && !foreign_.admit(id, request.peer, mono_ms))) {
      ++counts_.refused;
      refuse(out, who, ec::overloaded, "too many scans wait for the store: try again", cfg_.retry_after_s);
      continue;
    }
    if (entry == looking_up_.end()) {
      entry = looking_up_.emplace(id, under_way{}).first;
      entry->second.asked_ms = mono_ms;
      if (foreign) entry->second.foreign_peer = request.peer;
      entry->second.foreign = foreign;
      fx.ask.ids.push_back(id);
      ++counts_.looked_up;
    }
    entry->second.waiters.push_back(std::move(who));
    ++waiting_;
  }
  out.into(fx);
  return fx;
}

scene_desk::effects scene_desk::resolved(const scene_query& asked, const scene_answer& found, int64_t wall_ms) {
  effects fx;
  writers out;
  store_problem_.clear();
  std::unordered_map<std::string_view, const scene*> rows;
  for (const auto& row : found.scenes) rows.emplace(row.id, &row);
  for (const auto& id : asked.ids) {
    auto entry = looking_up_.extract(id);
    if (entry.empty()) continue;
    waiting_ -= entry.mapped().waiters.size();
    auto row = rows.find(id);
    auto known =
        row != rows.end() && (row->second->state == code_state::bound || row->second->state == code_state::revoked);
    for (const auto& who : entry.mapped().waiters) {
      if (known) {
        answer(out, fx, who, *row->second, std::max(found.now_ms, wall_ms), 0);
      } else {
        ++counts_.unknown;
        refuse(out, who, ec::unknown_code, "no code has this id");
      }
    }
    const auto& asked_of = entry.mapped();
    if (known && asked_of.foreign) foreign_.was_known(id, asked_of.foreign_peer);
    if (known && !asked_of.changed) cache_.put(*row->second, asked_of.asked_ms);
    if (!known) cache_.forget(id);
  }
  out.into(fx);
  return fx;
}

scene_desk::effects scene_desk::not_resolved(const scene_query& asked, const caf::error& why, int64_t wall_ms) {
  effects fx;
  writers out;
  store_problem_ = "the store does not answer look-ups: " + render(why);
  for (const auto& id : asked.ids) {
    auto entry = looking_up_.extract(id);
    if (entry.empty()) continue;
    waiting_ -= entry.mapped().waiters.size();
    auto hit = entry.mapped().waiters.empty() ? scene_cache::hit{} : cache_.find(id);
    auto old = hit.found && entry.mapped().asked_ms - hit.asked_ms < cfg_.max_stale_away_ms;
    for (const auto& who : entry.mapped().waiters) {
      ++(old ? counts_.stale : counts_.failed);
      if (old)
        answer(out, fx, who, *hit.found, wall_ms, 0);
      else
        refuse(out, who, ec::unavailable, "the store cannot be asked at the moment: try again", cfg_.retry_after_s);
    }
  }
  out.into(fx);
  return fx;
}

void scene_desk::forget(const scenes_changed& changed) {
  for (const auto& id : changed.ids) {
    cache_.forget(id);
    if (auto entry = looking_up_.find(id); entry != looking_up_.end()) entry->second.changed = true;
  }
}

void scene_desk::ask_store_for(const std::string& key_chars) {
  // Whoever imports says all of them again, and a copy of the keys is not for nothing.
  if (std::all_of(key_chars.begin(), key_chars.end(), [&](char c) { return keys_->asks_store_for(c); })) return;
  auto keys = std::make_shared<mac_keys>(*keys_);
  for (auto c : key_chars)
    if (!keys->asks_store_for(c)) keys->trust_store_for(c);
  keys_ = std::move(keys);
}

// A character of ours that another key has, too, is not ours alone.
void scene_desk::learn_keys(const foreign_keys& of_store) {
  std::string shared;
  for (const auto& ours : keys_->keys())
    for (const auto& key : of_store.keys)
      if (key.key_char == ours.key_char && key.fingerprint != ours.fingerprint) shared += key.key_char;
  ask_store_for(shared);
  keys_known_ = true;
}

// A front end keeps it no longer than it is fresh here; then its next scan comes here, and has it read again.
int64_t scene_desk::hot_for_ms(const scene_cache::hit& hit, int64_t mono_ms) const noexcept {
  return hit.frequent ? std::max<int64_t>(0, hit.asked_ms + soft_limit_ms(cfg_) - mono_ms) : 0;
}

// Nobody waits for it.
void scene_desk::refresh(effects& fx, const std::string& id, int64_t mono_ms) {
  if (looking_up_.size() >= cfg_.waiting_max) return;
  auto [entry, fresh] = looking_up_.try_emplace(id);
  if (!fresh) return;
  entry->second.asked_ms = mono_ms;
  fx.ask.ids.push_back(id);
  ++counts_.looked_up;
}

void scene_desk::answer(writers& out, effects& fx, const waiter& who, const scene& found, int64_t wall_ms,
                        int64_t hot_for_ms) {
  if (found.state == code_state::revoked) {
    ++counts_.revoked;
    return refuse(out, who, ec::revoked, "this code was revoked");
  }
  if (found.expires_ms != 0 && found.expires_ms <= wall_ms) {
    ++counts_.expired;
    return refuse(out, who, ec::expired, "this code has expired");
  }
  if (who.form == scan_form::landing) return show_landing(out, who, ec::none);
  fx.seen.scans.push_back({found.id, who.launch, 1});
  auto body = scene_json(found);
  out.of(who.sink).add(who.at, 200, "application/json", body, who.request_id, scene_headers, who.head);
  if (hot_for_ms <= 0) return;
  http::answer_writer ready;
  ready.add({}, 200, "application/json", body, "", scene_headers);
  auto until_ms = wall_ms + hot_for_ms;
  if (found.expires_ms != 0) until_ms = std::min(until_ms, found.expires_ms);
  fx.hot[who.sink].scenes.push_back({found.id, ready.take().arena, found.version, until_ms});
}

void scene_desk::refuse(writers& out, const waiter& who, ec code, std::string detail, uint32_t retry_after_s) {
  if (who.form == scan_form::landing) return show_landing(out, who, code, retry_after_s);
  http::problem what;
  what.code = code;
  what.detail = std::move(detail);
  what.retry_after_s = retry_after_s;
  what.cors = true;
  out.of(who.sink).add_problem(who.at, what, who.request_id, who.head);
}

void scene_desk::show_landing(writers& out, const waiter& who, ec what, uint32_t retry_after_s) {
  auto retry = retry_after_s == 0 ? std::string() : std::to_string(retry_after_s);
  const http::header headers[] = {{"Cache-Control", "no-store"},
                                  {"Retry-After", retry},
                                  {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
                                  {"X-Content-Type-Options", "nosniff"},
                                  {"Referrer-Policy", "no-referrer"}};
  auto status = what == ec::none ? 200 : http::status_of(what);
  out.of(who.sink).add(who.at, status, "text/html; charset=utf-8", landing_page(what), who.request_id, headers,
                       who.head);
}

// A name without a file is a link that nobody printed.
void scene_desk::show_file(writers& out, const waiter& who, const std::string& name) {
  auto all = cfg_.files ? cfg_.files() : nullptr;
  auto found = all ? all->find(name) : check_files::const_iterator{};
  if (!all || found == all->end()) return show_landing(out, who, ec::unknown_code);
  constexpr http::header headers[] = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  out.of(who.sink).add(who.at, 200, "text/plain; charset=utf-8", found->second, who.request_id, headers, who.head);
}

} // namespace qrwell
