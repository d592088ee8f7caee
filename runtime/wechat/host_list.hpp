#pragma once

#include "messages/wechat.hpp"
#include "runtime/wechat/breaker.hpp"

#include <boost/json/array.hpp>
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

/// How a host failed: by that it is decided how soon another one is asked.
enum class host_failure : uint8_t {
  unreachable, ///< refused, not resolved, no TLS: nothing got there, and nothing would
  broken,      ///< reset, cut or timed out
  unwell,      ///< it answers, and the answer is -1, a 5xx or nonsense: another host is likely no better
};

/// True if not a byte of the request left this machine because of the host, so that another one may be asked instead
/// without being asked twice. Not for calls that this machine did not try or gave up itself.
bool surely_unheard(const http_outcome& how) noexcept;

/// Of a call without a whole answer.
host_failure failure_of(const http_outcome& how) noexcept;

/// WeChat's addresses in the order of preference. Each has a breaker of its own: calls go to the first that is not
/// known to fail, and when the pause of an earlier one is over, one call tries it, and its success brings the others
/// back. While another host may be called, one that is unreachable is left at once, and a broken one after two failures
/// in a row, or three if every other call succeeds; the last one is left as the breaker says, but never for one
/// failure, and any success brings it back.
class host_list {
public:
  /// A set of hosts, a bit each.
  using host_set = uint8_t;

  host_list(std::vector<std::string> hosts, breaker_config cfg, uint64_t seed);

  /// The host for a call that starts now, none of `but`; its end must be told. None while all of them fail.
  std::optional<size_t> pick(int64_t now_ms, host_set but = 0);

  void succeeded(size_t host);
  /// `why`: for people; kept for as long as the host is left.
  void failed(size_t host, host_failure how, const std::string& why, int64_t now_ms);
  void abandoned(size_t host) { hosts_[host].guard.abandoned(); }

  const std::string& address(size_t host) const { return hosts_[host].address; }
  /// How it failed last.
  const std::string& why(size_t host) const { return hosts_[host].why; }
  /// The one that calls go to, for people: the first healthy one; if there is none, the one that would be tried now.
  size_t used(int64_t now_ms) const;
  /// 0 if pick() would give one.
  uint32_t wait_for_ms(int64_t now_ms) const;
  /// The first that is known to answer; none while all of them fail.
  std::optional<size_t> healthy() const;
  /// closed: one at least is healthy. open: none is. half_open: none is, and one is being tried.
  breaker::state overall() const;

  /// For the operator: which host is used and why better ones are left. Empty: the first is used, or none is.
  std::string words(int64_t now_ms) const;

  struct view {
    std::string address, state, why; ///< state: used, left, probed, spare; why: of one that is left or probed
    uint32_t next_try_ms = 0;        ///< of one that is left
  };
  std::vector<view> look(int64_t now_ms) const;

private:
  struct entry {
    std::string address, why;
    breaker guard;
    uint32_t broken = 0; ///< +2 for each broken call, -1 for each good one
    uint32_t failed = 0; ///< calls in a row
  };

  bool other_may_be_called(size_t host, int64_t now_ms) const;

  std::vector<entry> hosts_;
  bool one_is_enough_; ///< to leave a host
};

/// [{host, state, why, next_try_in_s}], for an actor's facts.
boost::json::array hosts_json(const host_list& hosts, int64_t now_ms);

} // namespace qrwell::wechat
