#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// HTTP 200 with WeChat's own content type.
sim_answer json_answer(std::string body);

/// WeChat's answer for an error, counted for the app, or for nobody if the call named none, and kept under its rid.
sim_answer refuse(sim_state& state, app_state* app, int code, const sim_request& request, int64_t now_us);

/// 40001 or 42001 for a token that is not valid.
int token_error(token_state state);

/// The app whose token a call carries, or what WeChat says to it: 41001, 40001, 42001 or 40164.
struct caller {
  /// Also set for a token that was ours once.
  app_state* app = nullptr;
  int code = 0;
};
caller caller_of(sim_state& state, const sim_request& request, int64_t now_us);

/// The object that a body is, if it is one.
std::optional<boost::json::object> parse_object(std::string_view body);
/// A field that is a string; empty if there is none.
std::string text_field(const boost::json::object& fields, std::string_view name);

} // namespace qrwell::sim
