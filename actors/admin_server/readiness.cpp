#include "actors/admin_server/readiness.hpp"

#include "actors/admin_server/views.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

/// Alive, not stuck, and it answered for itself in time.
ready_check actor_check(const inspect_report& report, const std::string& kind) {
  ready_check check{kind, true, ""};
  auto known = false;
  for (const auto& actor : report.actors) {
    if (actor.kind != kind) continue;
    known = true;
    if (!actor.alive) return {kind, false, "is dead: " + actor.last_failure};
    if (actor.busy && actor.busy_for_ms > stuck_after_ms)
      return {kind, false, fmt::format("is stuck in {} for {} ms", actor.message, actor.busy_for_ms)};
    auto answered = std::any_of(report.statuses.begin(), report.statuses.end(),
                                [&](const actor_status& s) { return s.kind == kind && s.name == actor.name; });
    if (!answered) return {kind, false, "does not answer"};
  }
  if (!known) return {kind, false, "is not running"};
  return check;
}

} // namespace

std::vector<ready_check> ready_for_scan(const inspect_report& report) {
  return {actor_check(report, "scan_server"), actor_check(report, "store_reader")};
}

std::vector<ready_check> ready_for_issue(const inspect_report& report, const std::vector<pool_state>& pools) {
  std::vector<ready_check> checks{actor_check(report, "request_server"), actor_check(report, "binding_persister"),
                                  actor_check(report, "store_writer")};
  // The writer's trouble too: nobody may have asked for a code since it began.
  for (const auto& status : report.statuses)
    if ((status.kind == "binding_persister" || status.kind == "store_writer") && !status.problem.empty())
      checks.push_back({"store", false, status.problem});
  checks.push_back(
      {"pools", !pools.empty(), pools.empty() ? "no pool has reported yet" : fmt::format("{} known", pools.size())});
  return checks;
}

} // namespace qrwell
