#include "tools/wechat-sim/wechat_api.hpp"

#include <random>
#include <string>

#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace {

/// All hosts share the quotas; they are counted apart so that a test can see which one a client used.
void count_host(sim_state& state, std::string_view host) {
  if (host.empty()) return;
  auto found = state.calls_by_host.find(std::string{host});
  if (found != state.calls_by_host.end())
    ++found->second;
  else if (state.calls_by_host.size() < sim_state::hosts_max)
    state.calls_by_host.emplace(host, 1);
}

} // namespace

sim_answer wechat_api::handle(const sim_request& request, int64_t now_us) {
  count_host(state_, request.host);
  auto answer = route(request, now_us);
  const auto& live = state_.live;
  answer.delay_ms += std::uniform_int_distribution<int64_t>{live.latency_min_ms, live.latency_max_ms}(state_.random);
  return answer;
}

sim_answer wechat_api::route(const sim_request& request, int64_t now_us) {
  const auto& path = request.path;
  if (path == "/wxa/getwxacodeunlimit") return codes_.create(request, now_us);
  if (path == "/cgi-bin/token") return tokens_.ordinary(request, now_us);
  if (path == "/cgi-bin/stable_token") return tokens_.stable(request, now_us);
  if (path == "/cgi-bin/openapi/quota/get") return quotas_.show(request, now_us);
  if (path == "/cgi-bin/openapi/quota/clear") return quotas_.clear_path(request, now_us);
  if (path == "/cgi-bin/clear_quota") return quotas_.clear_all(request, now_us);
  if (path == "/cgi-bin/clear_quota/v2") return quotas_.clear_by_secret(request, now_us);
  if (path == "/cgi-bin/openapi/rid/get") return diagnosis_.show_rid(request, now_us);
  if (path == "/cgi-bin/get_api_domain_ip") return diagnosis_.show_addresses(request, now_us);
  return refuse(state_, nullptr, 40066, request, now_us);
}

} // namespace qrwell::sim
