#include "tools/wechat-sim/diagnosis_api.hpp"

#include <algorithm>
#include <string>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

json::object describe(const rid_entry& entry) {
  json::object request{{"invoke_time", entry.at_us / 1'000'000},
                       {"cost_in_ms", 1},
                       {"request_url", entry.url},
                       {"request_body", entry.request_body},
                       {"response_body", entry.response_body},
                       {"client_ip", entry.client_ip}};
  return {{"errcode", 0}, {"errmsg", "ok"}, {"request", request}};
}

} // namespace

sim_answer diagnosis_api::show_rid(const sim_request& request, int64_t now_us) {
  if (request.method != "POST") return refuse(state_, nullptr, 43002, request, now_us);
  auto who = caller_of(state_, request, now_us);
  if (who.code != 0) return refuse(state_, who.app, who.code, request, now_us);
  if (request.body.empty()) return refuse(state_, who.app, 44002, request, now_us);
  auto fields = parse_object(request.body);
  if (!fields) return refuse(state_, who.app, 47001, request, now_us);
  auto rid = text_field(*fields, "rid");
  if (!is_rid(rid)) return refuse(state_, who.app, 76002, request, now_us);
  const auto* entry = state_.rids.find(rid);
  if (entry == nullptr) return refuse(state_, who.app, 76001, request, now_us);
  if (entry->appid != who.app->settings.appid) return refuse(state_, who.app, 76003, request, now_us);
  if (now_us - entry->at_us > rid_log::kept_us) return refuse(state_, who.app, 76004, request, now_us);
  return json_answer(json::serialize(describe(*entry)));
}

sim_answer diagnosis_api::show_addresses(const sim_request& request, int64_t now_us) {
  if (request.method != "GET") return refuse(state_, nullptr, 43001, request, now_us);
  auto who = caller_of(state_, request, now_us);
  if (who.code != 0) return refuse(state_, who.app, who.code, request, now_us);
  json::array addresses;
  for (const auto& listener : state_.listeners) {
    json::string address{listener.substr(0, listener.rfind(':'))};
    if (std::ranges::find(addresses, json::value(address)) == addresses.end()) addresses.push_back(address);
  }
  return json_answer(json::serialize(json::object{{"ip_list", addresses}}));
}

} // namespace qrwell::sim
