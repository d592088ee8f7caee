#include "tools/wechat-sim/sim_errors.hpp"

#include <utility>

#include "tools/wechat-sim/error_text.hpp"

namespace qrwell::sim {

namespace json = boost::json;

sim_answer json_answer(std::string body) {
  sim_answer answer;
  // Literally "encoding", not "charset": seen in WeChat's answers.
  answer.content_type = "application/json; encoding=utf-8";
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

sim_answer refuse(sim_state& state, app_state* app, int code, int64_t now_us) {
  ++(app != nullptr ? app->counts.refused : state.refused_without_app)[code];
  return json_answer(error_body(code, state.new_rid(now_us)));
}

int token_error(token_state state) {
  return state == token_state::expired ? 42001 : 40001;
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
