#pragma once

#include "messages/inspect.hpp"
#include "messages/stock.hpp"
#include "messages/store.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace qrwell {

/// `GET /v1/pools/{name}`.
boost::json::object pool_json(const pool_state& pool);

/// `GET /v1/actors`: all actors, those that are stuck, dead or in trouble first.
boost::json::array actors_json(const inspect_report& report);

/// `GET /v1/apps`: quota, token and calls of each app, gathered from what its three actors say of themselves.
boost::json::array apps_json(const inspect_report& report);

/// `GET /v1/keys`: everything but the key, which nobody has.
boost::json::object key_json(const api_key& key);

boost::json::object verify_json(const verify_report& report);

/// An actor that is in the same message for longer than this is called stuck.
constexpr uint64_t stuck_after_ms = 2'000;

/// `GET /v1/status`, for people and for `qrwell status`: one sentence of judgement, then what is wrong, worst first,
/// then the figures.
struct node_facts {
  std::string node, incarnation, version;
  std::vector<std::string> roles;
  int64_t started_ms = 0;
  std::vector<std::string> pending_restart; ///< options of the file that differ from what runs
};
boost::json::object status_json(const node_facts& node, const inspect_report& report,
                                const std::vector<pool_state>& pools);

} // namespace qrwell
