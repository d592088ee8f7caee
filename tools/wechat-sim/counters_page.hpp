#pragma once

#include <string>

#include <boost/json.hpp>

namespace qrwell::sim {

/// The page at `/`: what GET /sim/state shows, for people. HTML that needs nothing from elsewhere and loads itself
/// again every two seconds.
std::string counters_page(const boost::json::object& state);

} // namespace qrwell::sim
