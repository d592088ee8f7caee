#include "actors/admin_server/admin_calls.hpp"
#include "runtime/http/json.hpp"

#include <fmt/format.h>

namespace qrwell {

namespace json = boost::json;

void admin_calls::list_apps(const call& c) {
  with_report(c.v, [v = c.v](const inspect_report& report) {
    v->json(200, http::json_text(json::object{{"apps", apps_json(report)}}));
  });
}

void admin_calls::list_nodes(const call& c) {
  json::array roles;
  for (const auto& role : cfg_.node.roles) roles.push_back(json::string(role));
  json::object node{{"name", cfg_.node.node},
                    {"incarnation", cfg_.node.incarnation},
                    {"version", cfg_.node.version},
                    {"roles", std::move(roles)},
                    {"alive", true},
                    {"started_at", http::format_time(cfg_.node.started_ms)}};
  c.v->json(200, http::json_text(json::object{{"nodes", json::array{std::move(node)}}}));
}

void admin_calls::list_actors(const call& c) {
  with_report(c.v, [v = c.v](const inspect_report& report) {
    v->json(200, http::json_text(json::object{{"actors", actors_json(report)}}));
  });
}

void admin_calls::show_status(const call& c) {
  auto present = cfg_.node;
  present.pending_restart = self_->state.pending_restart;
  with_report(c.v, [node = std::move(present), pools = visible_pools(c), v = c.v](const inspect_report& report) {
    v->json(200, http::json_text(status_json(node, report, pools)));
  });
}

void admin_calls::refresh_token(const call& c) {
  auto keeper = to_.tokens.find(c.target.segments[2]);
  if (keeper == to_.tokens.end())
    return c.v->refuse(ec::not_found, fmt::format("there is no app '{}' on this node", c.target.segments[2]));
  audited(c, "token_refresh", {{"app", c.target.segments[2]}}, [self = self_, keeper = keeper->second, c] {
    self->request(keeper, std::chrono::seconds(15), token_refresh{c.actor})
        .then(
            [c](done) {
              write_down(c, "token_refresh", c.target.segments[2]);
              c.v->json(200, R"({"refreshed":true})");
            },
            [c](const caf::error& why) {
              write_down(c, "token_refresh", c.target.segments[2], why);
              c.v->refuse(why);
            });
  });
}

void admin_calls::verify(const call& c) {
  self_->request(to_.bulk, std::chrono::minutes(30), verify_query{})
      .then([v = c.v](const verify_report& report) { v->json(200, http::json_text(verify_json(report))); },
            [v = c.v](const caf::error& why) { v->refuse(why); });
}

} // namespace qrwell
