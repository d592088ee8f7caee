#pragma once

#include "messages/errors.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace qrwell {

/// A bound socket that listens already, so that a busy port is known before anything is served. The kernel keeps
/// connections until a front end takes the listener. Copies share one descriptor; the last one closes it, unless it was
/// released.
class http_listener {
public:
  http_listener() = default;

  /// `host_port`: 127.0.0.1:8080, [::1]:8080, localhost:8080 (its first address), :8080 (all of IPv4). Port 0: the
  /// kernel chooses. Error invalid_config names the address and the reason.
  static caf::expected<http_listener> bind(const std::string& host_port);

  uint16_t port() const noexcept { return port_; }

  /// "127.0.0.1:8080", with the port in use.
  const std::string& address() const noexcept { return address_; }

  /// The descriptor, now the caller's; -1 if there is none.
  int release() noexcept;

private:
  struct owner;
  std::shared_ptr<owner> owner_;
  uint16_t port_ = 0;
  std::string address_;
};

} // namespace qrwell
