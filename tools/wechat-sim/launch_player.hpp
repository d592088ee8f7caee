#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include "tools/wechat-sim/launch_plan.hpp"

namespace qrwell::sim {

/// Plays a launch over the network as a phone and WeChat would: once with the data pre-fetch beside the package's load
/// and once without, or what the plan says. Returns the times and what the page got; it takes 15 s a way at the most,
/// and the package's load.
boost::asio::awaitable<boost::json::object> play_launch(launch_plan plan);

} // namespace qrwell::sim
