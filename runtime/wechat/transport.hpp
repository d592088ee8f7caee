#pragma once

#include "messages/secret.hpp"
#include "messages/wechat.hpp"

#include <functional>

namespace qrwell::wechat {

/// One HTTP request to WeChat. A POST of JSON; WeChat knows no other kind of call that we need.
struct http_call {
  secret url;  ///< with the access token in its query: never shown
  secret body; ///< may hold the AppSecret: never shown
  uint32_t timeout_for_ms = 10'000;
  uint32_t connect_timeout_for_ms = 3'000;
  uint64_t response_bytes_max = 1024 * 1024 + 1;
  bool urgent = false; ///< goes before all that waits and over the limit of calls under way: token calls, on which all
                       ///< others wait
};

/// Whoever can make a call.
class wechat_transport {
public:
  virtual ~wechat_transport() = default;

  /// Makes one attempt, which writes at most one HTTP request, and calls `done` exactly once, at the latest at the
  /// call's time-out, from any thread, also from within `start`. `done` must not block or throw.
  virtual void start(http_call call, std::function<void(http_outcome)> done) = 0;
};

} // namespace qrwell::wechat
