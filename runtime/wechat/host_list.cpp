#include "runtime/wechat/host_list.hpp"

#include "messages/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace qrwell::wechat {
namespace {

bool valid_port(std::string_view digits) {
  return !digits.empty() && digits.size() <= 5 && std::stoul(std::string(digits)) - 1 < 65'535;
}

} // namespace

caf::error validate_host(const std::string& url) {
  auto wrong = [&](const std::string& what) { return fail(ec::invalid_config, "wechat.hosts: '" + url + "' " + what); };
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return fail(ec::invalid_config, "wechat.hosts: not an address like https://api.weixin.qq.com");
  if (parsed->has_userinfo())
    return fail(ec::invalid_config, "wechat.hosts: an address must not hold a user name or password");
  if (parsed->host().empty() || !parsed->encoded_path().empty() || parsed->has_query() || parsed->has_fragment())
    return wrong("must be scheme://host or scheme://host:port and nothing after it");
  if (parsed->has_port() && !valid_port(parsed->port())) return wrong("has no valid port");
  if (parsed->scheme() == "https") return {};
  if (parsed->scheme() != "http") return wrong("must begin with https://");
  auto local = false;
  switch (parsed->host_type()) {
  case boost::urls::host_type::ipv4:
    local = parsed->host_ipv4_address().is_loopback();
    break;
  case boost::urls::host_type::ipv6:
    local = parsed->host_ipv6_address().is_loopback();
    break;
  default:
    local = parsed->host_name() == "localhost";
  }
  if (!local) return wrong("must begin with https://; http:// is for this machine only (the simulator)");
  return {};
}

caf::error validate_hosts(const std::vector<std::string>& urls) {
  if (urls.empty() || urls.size() > 8) return fail(ec::invalid_config, "wechat.hosts: give 1 to 8 addresses");
  for (const auto& url : urls)
    if (auto err = validate_host(url)) return err;
  return {};
}

bool surely_unheard(const http_outcome& how) noexcept {
  constexpr int32_t aborted_by_callback = 42; // CURLE_ABORTED_BY_CALLBACK: given up by the engine
  return how.curl > 0 && how.curl != aborted_by_callback && !how.any_byte_written;
}

host_failure failure_of(const http_outcome& how) noexcept {
  constexpr int32_t timed_out = 28; // CURLE_OPERATION_TIMEDOUT: once may be chance
  if (surely_unheard(how) && how.curl != timed_out) return host_failure::unreachable;
  return how.curl == 0 || how.too_large ? host_failure::unwell : host_failure::broken;
}

host_list::host_list(std::vector<std::string> hosts, breaker_config cfg, uint64_t seed)
    : one_is_enough_(cfg.failures_max <= 1) {
  for (auto& address : hosts) hosts_.push_back({std::move(address), {}, breaker(cfg, seed + hosts_.size()), 0, 0});
}

std::optional<size_t> host_list::pick(int64_t now_ms, host_set but) {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if ((but >> i & 1) == 0 && hosts_[i].guard.may_call(now_ms)) {
      hosts_[i].guard.started(now_ms);
      return i;
    }
  return std::nullopt;
}

void host_list::succeeded(size_t host) {
  auto& h = hosts_[host];
  h.broken -= std::min(h.broken, 1u);
  h.failed = 0;
  // A call that began before its host was left says little: while another host works, the probe decides.
  auto other = healthy();
  if (h.guard.now() == breaker::state::open && other && *other != host) return;
  if (h.guard.now() != breaker::state::closed) h.broken = 0;
  h.guard.succeeded();
}

void host_list::failed(size_t host, host_failure how, const std::string& why, int64_t now_ms) {
  constexpr uint32_t broken_max = 4; // two failures in a row
  auto& h = hosts_[host];
  h.why = why;
  if (how == host_failure::broken) h.broken = std::min(h.broken + 2, broken_max);
  auto leave = how == host_failure::unreachable || (how == host_failure::broken && h.broken >= broken_max);
  auto other = other_may_be_called(host, now_ms);
  auto first = h.failed++ == 0 && h.guard.now() == breaker::state::closed;
  if (leave && other)
    h.guard.leave(now_ms);
  else if (other || !first || !one_is_enough_)
    h.guard.failed(now_ms);
}

bool host_list::other_may_be_called(size_t host, int64_t now_ms) const {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (i != host && hosts_[i].guard.may_call(now_ms)) return true;
  return false;
}

size_t host_list::used(int64_t now_ms) const {
  if (auto host = healthy()) return *host;
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i].guard.may_call(now_ms)) return i;
  return 0;
}

uint32_t host_list::wait_for_ms(int64_t now_ms) const {
  auto wait = hosts_.front().guard.wait_for_ms(now_ms);
  for (const auto& h : hosts_) wait = std::min(wait, h.guard.wait_for_ms(now_ms));
  return wait;
}

std::optional<size_t> host_list::healthy() const {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i].guard.now() == breaker::state::closed) return i;
  return std::nullopt;
}

breaker::state host_list::overall() const {
  auto out = breaker::state::open;
  for (const auto& h : hosts_) {
    if (h.guard.now() == breaker::state::closed) return breaker::state::closed;
    if (h.guard.now() == breaker::state::half_open) out = breaker::state::half_open;
  }
  return out;
}

std::string host_list::words(int64_t now_ms) const {
  auto host = healthy();
  if (!host || *host == 0) return {};
  auto out = "Calls to WeChat go to " + hosts_[*host].address;
  for (size_t i = 0; i < *host; ++i) {
    const auto& h = hosts_[i];
    auto wait_s = (h.guard.wait_for_ms(now_ms) + 999) / 1'000;
    out += (i == 0 ? ", since " : "; ") + h.address + " fails (" + h.why + ") and is ";
    if (h.guard.now() == breaker::state::half_open)
      out += "being tried by one call now";
    else
      out += wait_s == 0 ? "tried again by the next call" : "tried again in " + std::to_string(wait_s) + " s";
  }
  return out + ".";
}

std::vector<host_list::view> host_list::look(int64_t now_ms) const {
  auto now_used = used(now_ms);
  std::vector<view> out;
  for (size_t i = 0; i < hosts_.size(); ++i) {
    const auto& h = hosts_[i];
    switch (h.guard.now()) {
    case breaker::state::closed:
      out.push_back({h.address, i == now_used ? "used" : "spare", {}, 0});
      break;
    case breaker::state::half_open:
      out.push_back({h.address, "probed", h.why, 0});
      break;
    case breaker::state::open:
      out.push_back({h.address, "left", h.why, h.guard.wait_for_ms(now_ms)});
      break;
    }
  }
  return out;
}

boost::json::array hosts_json(const host_list& hosts, int64_t now_ms) {
  boost::json::array out;
  for (auto& h : hosts.look(now_ms))
    out.push_back(boost::json::object{
        {"host", h.address}, {"state", h.state}, {"why", h.why}, {"next_try_in_s", (h.next_try_ms + 999) / 1'000}});
  return out;
}

} // namespace qrwell::wechat
