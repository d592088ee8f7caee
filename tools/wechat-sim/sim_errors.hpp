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

/// WeChat's answer for an error, counted for the app, or for nobody if the call named none.
sim_answer refuse(sim_state& state, app_state* app, int code, int64_t now_us);

/// 40001 or 42001 for a token that is not valid.
int token_error(token_state state);

/// The object that a body is, if it is one.
std::optional<boost::json::object> parse_object(std::string_view body);
/// A field that is a string; empty if there is none.
std::string text_field(const boost::json::object& fields, std::string_view name);

} // namespace qrwell::sim
