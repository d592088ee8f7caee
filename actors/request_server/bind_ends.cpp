#include "actors/request_server/request_desk.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

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

uint32_t seconds_to_midnight(int64_t wall_ms) {
  constexpr int64_t day_ms = 86'400'000;
  return static_cast<uint32_t>((day_ms - wall_ms % day_ms + 999) / 1'000);
}

} // namespace

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

} // namespace qrwell
