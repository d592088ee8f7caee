#include "actors/scan_server/scene_desk.hpp"

#include "runtime/codes/scene_json.hpp"
#include "runtime/http/target.hpp"

#include <fmt/format.h>

#include <charconv>

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

constexpr http::header scene_headers[] = {{"Cache-Control", "no-store"}};

uint32_t launch_of(const http::target& target) {
  auto text = target.param("launch");
  uint32_t launch = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), launch).ec != std::errc{} || launch > 99'999)
    return 0;
  return launch;
}

} // namespace

caf::error validate(const scan_server_config& cfg) {
  if (cfg.waiting_max == 0) return fail(ec::invalid_config, "scan_server: waiting_max must be at least 1");
  if (cfg.store_timeout_ms == 0) return fail(ec::invalid_config, "scan_server: store_timeout_ms must be at least 1");
  return {};
}

scene_desk::effects scene_desk::serve(sink_id sink, const http_batch& batch, int64_t mono_ms, int64_t wall_ms) {
  effects fx;
  writers out;
  for (const auto& request : batch.requests) {
    ++counts_.scans;
    waiter who{sink, request.at, 0, request.method == http_method::head, request.request_id};
    auto target = http::parse_target(request.target);
    if (!target || target->segments.size() != 3) {
      refuse(out, who, ec::invalid_request,
             "the path must be /v1/scenes/{id}, the id percent-encoded where it must be");
      continue;
    }
    who.launch = launch_of(*target);
    const auto& id = target->segments[2];
    if (auto hit = cache_.find(id); hit.found) {
      ++counts_.hits;
      answer(out, fx, who, *hit.found, wall_ms, hit.frequent);
      continue;
    }
    auto verdict = keys_->check(id);
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
    if (waiting_ >= cfg_.waiting_max ||
        (entry == looking_up_.end() && verdict == id_verdict::unknown_key && !foreign_id_allowed(mono_ms))) {
      ++counts_.refused;
      refuse(out, who, ec::overloaded, "too many scans wait for the store: try again", cfg_.retry_after_s);
      continue;
    }
    if (entry == looking_up_.end()) {
      entry = looking_up_.emplace(id, under_way{}).first;
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
        answer(out, fx, who, *row->second, std::max(found.now_ms, wall_ms), false);
      } else {
        ++counts_.unknown;
        refuse(out, who, ec::unknown_code, "no code has this id");
      }
    }
    if (known && !entry.mapped().changed) cache_.put(*row->second);
  }
  out.into(fx);
  return fx;
}

scene_desk::effects scene_desk::not_resolved(const scene_query& asked, const caf::error& why) {
  effects fx;
  writers out;
  store_problem_ = "the store does not answer look-ups: " + render(why);
  for (const auto& id : asked.ids) {
    auto entry = looking_up_.extract(id);
    if (entry.empty()) continue;
    waiting_ -= entry.mapped().waiters.size();
    for (const auto& who : entry.mapped().waiters) {
      ++counts_.failed;
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

void scene_desk::answer(writers& out, effects& fx, const waiter& who, const scene& found, int64_t wall_ms,
                        bool frequent) {
  if (found.state == code_state::revoked) {
    ++counts_.revoked;
    return refuse(out, who, ec::revoked, "this code was revoked");
  }
  if (found.expires_ms != 0 && found.expires_ms <= wall_ms) {
    ++counts_.expired;
    return refuse(out, who, ec::expired, "this code has expired");
  }
  fx.seen.scans.push_back({found.id, who.launch, 1});
  auto body = scene_json(found);
  out.of(who.sink).add(who.at, 200, "application/json", body, who.request_id, {scene_headers[0]}, who.head);
  if (!frequent) return;
  http::answer_writer ready;
  ready.add({}, 200, "application/json", body, "", {scene_headers[0]});
  fx.hot[who.sink].scenes.push_back({found.id, ready.take().arena, found.version, found.expires_ms});
}

void scene_desk::refuse(writers& out, const waiter& who, ec code, std::string detail, uint32_t retry_after_s) {
  http::problem what;
  what.code = code;
  what.detail = std::move(detail);
  what.retry_after_s = retry_after_s;
  out.of(who.sink).add_problem(who.at, what, who.request_id);
}

bool scene_desk::foreign_id_allowed(int64_t mono_ms) {
  auto most = static_cast<double>(cfg_.foreign_ids_per_s_max);
  auto passed = foreign_at_ms_ < 0 ? 1'000.0 : static_cast<double>(mono_ms - foreign_at_ms_);
  foreign_tokens_ = std::min(most, foreign_tokens_ + passed * most / 1'000.0);
  foreign_at_ms_ = mono_ms;
  if (foreign_tokens_ < 1) return false;
  foreign_tokens_ -= 1;
  return true;
}

} // namespace qrwell
