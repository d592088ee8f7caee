#include "tools/wechat-sim/sim_errors.hpp"

#include <algorithm>
#include <utility>

#include "tools/wechat-sim/error_text.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

/// The query without its values: they may be tokens and secrets.
std::string url_of(const sim_request& request) {
  std::string out{request.path};
  char separator = '?';
  for (auto rest = request.query; !rest.empty();) {
    auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    out += separator + std::string{pair.substr(0, pair.find('='))} + "=***";
    separator = '&';
  }
  return out;
}

/// The bodies of calls that carry no secret.
std::string body_of(const sim_request& request) {
  bool secret = request.body.find("secret") != std::string_view::npos;
  return std::string{secret ? std::string_view{"***"} : request.body};
}

} // namespace

sim_answer json_answer(std::string body) {
  sim_answer answer;
  // Literally "encoding", not "charset": seen in WeChat's answers.
  answer.content_type = "application/json; encoding=utf-8";
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

sim_answer refuse(sim_state& state, app_state* app, int code, const sim_request& request, int64_t now_us) {
  ++(app != nullptr ? app->counts.refused : state.refused_without_app)[code];
  auto rid = state.new_rid(now_us);
  auto text =
      code == 40164 && !request.client_ip.empty() ? ip_error_text(request.client_ip) : std::string{error_text(code)};
  auto body = error_body(code, text, rid);
  auto appid = app != nullptr ? app->settings.appid : std::string{};
  state.rids.add({rid, appid, now_us, url_of(request), body_of(request), body, std::string{request.client_ip}});
  return json_answer(std::move(body));
}

int token_error(token_state state) {
  return state == token_state::expired ? 42001 : 40001;
}

caller caller_of(sim_state& state, const sim_request& request, int64_t now_us) {
  auto token = query_value(request.query, "access_token");
  if (token.empty()) return {nullptr, 41001};
  auto* app = state.app_of_token(token);
  if (app == nullptr) return {nullptr, 40001};
  if (auto valid = app->tokens.check(token, now_us); valid != token_state::valid) return {app, token_error(valid)};
  return {app, state.live.allows(request.client_ip) ? 0 : 40164};
}

std::optional<json::object> parse_object(std::string_view body) {
  boost::system::error_code failed;
  auto parsed = json::parse(body, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

std::string text_field(const json::object& fields, std::string_view name) {
  const auto* value = fields.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

} // namespace qrwell::sim
