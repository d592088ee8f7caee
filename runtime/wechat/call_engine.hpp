#pragma once

#include "runtime/wechat/transport.hpp"

#include <caf/expected.hpp>

#include <memory>
#include <string>

namespace qrwell::wechat {

struct call_engine_config {
  uint32_t inflight_max = 64; ///< calls under way at once (and connections kept open); design: wechat_inflight_max
  uint32_t urgent_inflight_max = 8;   ///< urgent calls beyond these
  uint32_t queue_max = 1'024;         ///< calls that wait for one of them to end
  uint32_t header_bytes_max = 32'768; ///< of an answer
  uint32_t idle_connection_max_s =
      20;              ///< a connection idle for longer is not used again, for its other end may be closing it just now
  std::string ca_file{}; ///< PEM; empty: the system's certificates
};

caf::error validate(const call_engine_config& cfg);

/// HTTP/1.1 by libcurl's multi interface, on a thread of its own; serves all apps of a node.
///
/// What it promises beyond wechat_transport: a request is never sent twice (libcurl by itself would, on a kept-alive
/// connection that the server closes), no redirect is followed, no proxy is used, certificates are checked, and
/// `any_byte_written` is the truth, because units of quota depend on it.
class call_engine final : public wechat_transport {
public:
  /// Error invalid_config, or unavailable when libcurl or the thread cannot be started.
  static caf::expected<std::shared_ptr<call_engine>> make(call_engine_config cfg);

  ~call_engine() override;

  /// Beyond the queue's limit `done` gets curl -1 at once.
  void start(http_call call, std::function<void(http_outcome)> done) override;

  /// Ends every call: as lost if any of its bytes were written. Returns when all `done` were called. Later calls get
  /// curl -1.
  void stop();

private:
  struct engine;
  explicit call_engine(std::shared_ptr<engine> e);

  std::shared_ptr<engine> engine_;
};

} // namespace qrwell::wechat
