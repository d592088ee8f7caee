#include "runtime/wechat/host_list.hpp"

#include "messages/errors.hpp"

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

host_list::host_list(std::vector<std::string> hosts, breaker_config cfg, uint64_t seed) {
  for (auto& host : hosts) hosts_.emplace_back(std::move(host), breaker(cfg, seed + hosts_.size()));
}

std::optional<size_t> host_list::pick(int64_t now_ms) {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i].second.may_call(now_ms)) {
      hosts_[i].second.started(now_ms);
      return i;
    }
  return std::nullopt;
}

const std::string& host_list::preferred(int64_t now_ms) const {
  for (const auto& [address, guard] : hosts_)
    if (guard.may_call(now_ms)) return address;
  return hosts_.front().first;
}

uint32_t host_list::wait_for_ms(int64_t now_ms) const {
  auto wait = hosts_.front().second.wait_for_ms(now_ms);
  for (const auto& [address, guard] : hosts_) wait = std::min(wait, guard.wait_for_ms(now_ms));
  return wait;
}

std::optional<size_t> host_list::healthy() const {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i].second.now() == breaker::state::closed) return i;
  return std::nullopt;
}

breaker::state host_list::overall() const {
  auto out = breaker::state::open;
  for (const auto& [address, guard] : hosts_) {
    if (guard.now() == breaker::state::closed) return breaker::state::closed;
    if (guard.now() == breaker::state::half_open) out = breaker::state::half_open;
  }
  return out;
}

} // namespace qrwell::wechat
