#pragma once

#include "actors/http_frontend/http_frontend.hpp"
#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"
#include "node/data_dir.hpp"
#include "node/prepare_store.hpp"
#include "node/supervisor.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/wechat/transport.hpp"

#include <memory>

namespace qrwell {

/// What the actors of a node are built from.
struct crew_needs {
  const settings& cfg;
  const data_dir& dir;
  catalogue known;
  std::shared_ptr<const mac_keys> keys;
  std::shared_ptr<wechat::wechat_transport> wechat;
  http_listener listener, admin_listener;
  std::shared_ptr<vitals_registry> registry;
  std::function<void(const std::string&)> on_fatal;
};

/// Addresses that a shutdown needs.
struct crew {
  caf::actor frontend, admin_frontend;
  store_writer_actor writer;
  store_reader_actor reader;
  binding_persister_actor persister;
  request_server_actor request_server;
  /// Gives running actors what a re-read of the configuration changed; see node::apply.
  std::function<caf::error(const settings&, const std::vector<std::string>& pending)> apply;
};

/// Starts every actor under the supervisor, each with its rule of what its death means. Error: an actor's settings or a
/// store that cannot be opened.
caf::expected<crew> start_crew(caf::actor_system& sys, supervisor& boss, const crew_needs& needs);

} // namespace qrwell
