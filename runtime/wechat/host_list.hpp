#pragma once

#include "runtime/wechat/breaker.hpp"

#include <caf/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace qrwell::wechat {

/// A base address, `scheme://host[:port]`, nothing after it: https, or http to this machine only (127.0.0.0/8, ::1,
/// localhost), since the token and the secret travel in clear there. Error invalid_config.
caf::error validate_host(const std::string& url);

/// At least one and at most 8 of them.
caf::error validate_hosts(const std::vector<std::string>& urls);

/// WeChat's addresses in the order of preference. Each has a breaker of its own: calls go to the first that is not
/// known to fail, and when the pause of an earlier one is over, one call tries it, and its success brings the others
/// back.
class host_list {
public:
  host_list(std::vector<std::string> hosts, breaker_config cfg, uint64_t seed);

  /// The host for a call that starts now; its end must be told. None while all of them fail.
  std::optional<size_t> pick(int64_t now_ms);

  void succeeded(size_t host) { hosts_[host].second.succeeded(); }
  void failed(size_t host, int64_t now_ms) { hosts_[host].second.failed(now_ms); }
  void abandoned(size_t host) { hosts_[host].second.abandoned(); }

  const std::string& address(size_t host) const { return hosts_[host].first; }
  /// The one that a call would go to now, for people; the first if none.
  const std::string& preferred(int64_t now_ms) const;
  /// 0 if pick() would give one.
  uint32_t wait_for_ms(int64_t now_ms) const;
  /// The first that is known to answer; none while all of them fail.
  std::optional<size_t> healthy() const;
  /// closed: one at least is healthy. open: none is. half_open: none is, and one is being tried.
  breaker::state overall() const;

private:
  std::vector<std::pair<std::string, breaker>> hosts_;
};

} // namespace qrwell::wechat
