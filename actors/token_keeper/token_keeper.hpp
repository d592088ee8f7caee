#pragma once

#include "actors/token_keeper/token_book.hpp"
#include "actors/token_keeper/token_log.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/wechat/host_list.hpp"
#include "runtime/wechat/transport.hpp"

#include <unordered_map>

namespace qrwell {

struct token_keeper_config {
  std::string app, appid;
  secret app_secret;
  std::vector<std::string> hosts; ///< in the order of preference
  uint32_t call_timeout_ms = 10'000;
  uint32_t connect_timeout_ms = 3'000;
  uint32_t tick_ms = 500;
  token_book_config book;
};

caf::error validate(const token_keeper_config& cfg);

struct token_keeper_state {
  static constexpr const char* name = "token_keeper";
  token_keeper_config cfg;
  std::shared_ptr<wechat::wechat_transport> transport;
  std::optional<token_book> book;
  std::optional<wechat::host_list> hosts;
  size_t host = 0;                             ///< of the call under way
  wechat::host_list::host_set hosts_asked = 0; ///< for the present fetch
  bool forced = false;                         ///< so is the present fetch
  uint64_t call = 0, tickets = 0;
  token_log lines;
  int64_t call_until_ms = 0; ///< of the call under way; 0: none
  std::unordered_map<uint64_t, caf::typed_response_promise<access_token>> asking;
  std::unordered_map<uint64_t, caf::typed_response_promise<done>> forcing;
};

/// The access token of one app. `cfg` must be valid; `transport` must outlive the actor's calls.
token_keeper_actor::behavior_type token_keeper(watched<token_keeper_actor, token_keeper_state>* self, vitals_ptr v,
                                               token_keeper_config cfg,
                                               std::shared_ptr<wechat::wechat_transport> transport);

} // namespace qrwell
