#pragma once

#include "actors/wechat_fetcher/fetch_desk.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

namespace qrwell {

struct wechat_fetcher_config {
  fetch_desk_config desk;
  uint32_t token_timeout_ms = 6'000; ///< for the keeper's answer; it lets askers wait 5 s
  uint32_t tick_ms = 100;            ///< while calls wait or are under way
  uint32_t idle_tick_ms = 1'000;
};

caf::error validate(const wechat_fetcher_config& cfg);

struct wechat_fetcher_state {
  static constexpr const char* name = "wechat_fetcher";
  wechat_fetcher_config cfg;
  token_keeper_actor keeper;
  std::shared_ptr<wechat::wechat_transport> transport;
  std::optional<fetch_desk> desk;
  uint64_t tickets = 0;
  std::optional<size_t> host = 0; ///< the healthy one, as it was told last
  log::trouble refusals;
  std::unordered_map<uint64_t, caf::typed_response_promise<fetched_code>> asking;
};

/// The calls of one app. `cfg` must be valid; `transport` must outlive the actor's calls.
wechat_fetcher_actor::behavior_type wechat_fetcher(watched<wechat_fetcher_actor, wechat_fetcher_state>* self,
                                                   vitals_ptr v, wechat_fetcher_config cfg, token_keeper_actor keeper,
                                                   std::shared_ptr<wechat::wechat_transport> transport);

} // namespace qrwell
