#pragma once

#include "actors/admin_server/views.hpp"
#include "messages/interfaces.hpp"
#include "runtime/codes/target_fields.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/http/target.hpp"
#include "runtime/http/visit.hpp"
#include "runtime/keys/key_watch.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace qrwell {

struct admin_server_config {
  std::string name = "admin_server"; ///< two of them run, one per listener
  bool operators_listener = false;   ///< serves keys, health, metrics too, and takes the admin token
  secret admin_token;                ///< of data_dir/admin.token; empty: only keys
  node_facts node;
  std::string openapi; ///< the text of /openapi.json
  uint32_t ask_timeout_ms = 2'000;
  uint32_t health_timeout_ms = 1'000;
  size_t under_way_max = 256;
};

caf::error validate(const admin_server_config& cfg);

struct admin_server_handles {
  store_reader_actor reader; ///< for keys
  store_reader_actor bulk;   ///< for what takes long
  store_writer_actor writer;
  inspector_actor inspector;
  std::map<std::string, pool_stocker_actor> stockers;                                        ///< by pool
  std::map<std::string, token_keeper_actor> tokens;                                          ///< by app
  std::function<std::string(const inspect_report&, const std::vector<pool_state>&)> metrics; ///< text for Prometheus
};

struct admin_server_state {
  static constexpr const char* name = "admin_server";
  std::unique_ptr<key_watch<watched<admin_server_actor, admin_server_state>*>> keys;
  std::map<std::string, pool_state> pools;
  std::vector<std::string> pending_restart;
  size_t under_way = 0;
  uint64_t served = 0, refused = 0;
};

/// What operators ask for: pools, apps, actors, keys, health, metrics. Everything but health, version, metrics and the
/// OpenAPI text needs the admin token or a key: `read` to look, `admin` to act.
admin_server_actor::behavior_type admin_server(watched<admin_server_actor, admin_server_state>* self, vitals_ptr v,
                                               admin_server_config cfg, wall_clock wall, admin_server_handles handles);

} // namespace qrwell
