#pragma once

#include "actors/quota_manager/quota_core.hpp"
#include "actors/quota_manager/quota_log.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"

#include <unordered_map>

namespace qrwell {

struct quota_manager_state {
  static constexpr const char* name = "quota_manager";

  std::unique_ptr<quota_core> core;
  std::optional<quota_log> lines;
  store_writer_actor store;
  wall_clock wall;
  caf::timespan store_timeout{};
  uint64_t requests = 0;                                    // numbers both kinds
  std::unordered_map<uint64_t, caf::response_promise> open; // unanswered
  std::map<caf::actor_addr, uint64_t> requesters;
  int64_t armed_ms = std::numeric_limits<int64_t>::max(); // the earliest tick that is under way
};

/// The lease and the grant book of one app. A request for units is answered within `cfg.answer_max_ms` by a ticket, by
/// an empty ticket with `retry_after_ms`, or by error not_leader or overloaded; who asks must wait longer than that
/// (10 s), since a ticket nobody receives keeps its units until its asker ends. Whoever was handed a ticket closes it,
/// also one that was not used; when an asker ends, its grants are written off after `cfg.abandoned_for_ms`.
/// @param mint makes a fresh code id
/// @param wall Unix time, for WeChat's day only
quota_manager_actor::behavior_type quota_manager(watched<quota_manager_actor, quota_manager_state>* self, vitals_ptr v,
                                                 quota_manager_config cfg, store_writer_actor store,
                                                 quota_core::mint_fn mint, wall_clock wall);

} // namespace qrwell
