#pragma once

#include "actors/admin_server/admin_server.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <string>
#include <vector>

namespace qrwell {

/// The calls of the admin server, one function each; `admin_calls.cpp` has the table that leads to them.
class admin_calls : public std::enable_shared_from_this<admin_calls> {
public:
  using self_ptr = watched<admin_server_actor, admin_server_state>*;
  using visit = http::visit<self_ptr>;
  using visit_ptr = std::shared_ptr<visit>;

  admin_calls(self_ptr self, admin_server_config cfg, wall_clock wall, admin_server_handles handles)
      : self_(self)
      , cfg_(std::move(cfg))
      , wall_(std::move(wall))
      , to_(std::move(handles)) {}

  void serve(const http_batch& batch);
  actor_status status() const;

private:
  struct call {
    visit_ptr v;
    http::target target;
    std::string actor;              ///< who asks, for the audit: "key:<name>" or "admin token"
    std::vector<std::string> pools; ///< what the key may see; empty: all
  };
  struct route {
    http_method method;
    std::vector<std::string_view> path; ///< "*" stands for any one segment
    uint8_t scope;                      ///< 0: anyone
    bool operators_only;
    void (admin_calls::*run)(const call&);
  };
  static const std::vector<route>& routes();

  void dispatch(const visit_ptr& v);
  void authorize(const route& r, call c);

  // pools.cpp
  void list_pools(const call& c);
  void show_pool(const call& c);
  void command_pool(const call& c);

  // overview.cpp
  void list_apps(const call& c);
  void list_nodes(const call& c);
  void list_actors(const call& c);
  void show_status(const call& c);
  void refresh_token(const call& c);
  void verify(const call& c);

  // keys.cpp
  void list_keys(const call& c);
  void add_key(const call& c);
  void revoke_key(const call& c);
  void rotate_key(const call& c);

  // audit.cpp
  void list_audit(const call& c);
  /// Does it when the store has written down that it is done; nothing happens that the store cannot write down. For
  /// what leaves no other trace in the store.
  void audited(const call& c, std::string action, boost::json::object doc, std::function<void()> act);

  // health.cpp
  void healthz(const call& c);
  void readyz(const call& c);
  void version(const call& c);
  void metrics(const call& c);
  void openapi(const call& c);
  void front_page(const call& c);

  template <class Then>
  void with_report(const visit_ptr& v, Then then) {
    self_
        ->request(to_.inspector, std::chrono::milliseconds(cfg_.ask_timeout_ms),
                  inspect_query{true, cfg_.health_timeout_ms})
        .then(std::move(then), [v](const caf::error& why) { v->refuse(why); });
  }
  std::vector<pool_state> visible_pools(const call& c) const;
  /// The log's line of a command that changes something: who, what, to whom, and how it ended.
  static void write_down(const call& c, std::string_view action, std::string_view subject,
                         const caf::error& failure = {});

  self_ptr self_;
  admin_server_config cfg_;
  wall_clock wall_;
  admin_server_handles to_;
};

} // namespace qrwell
