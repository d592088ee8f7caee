#pragma once

#include "actors/http_frontend/connection_table.hpp"
#include "actors/http_frontend/http_listener.hpp"
#include "actors/http_frontend/http_socket.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <caf/io/broker.hpp>

#include <memory>
#include <string>

namespace qrwell {

/// Who serves what. Handles may be equal.
struct http_services {
  http_service scan, issue, batch, code, bulk, transfer, admin;
};

struct http_frontend_config {
  std::string name = "http"; ///< of this listener, for people
  http_listener listener;    ///< bound by http_listener::bind
  http::listener_kind kind = http::listener_kind::open;
  http_limits limits;
  http::trusted_proxies proxies;
  std::vector<std::string> link_prefixes;  ///< of all pools: behind them any target is a scan's
  std::shared_ptr<http_counters> counters; ///< for /metrics; made if absent
  wall_clock wall = system_wall_ms;
};

caf::error validate(const http_frontend_config& cfg);

/// To a front end: accept no more, answer what is under way with `Connection: close`, close what is idle, and quit when
/// all are gone or drain_timeout_ms is over.
struct frontend_stop {
  QRWELL_NO_FIELDS(frontend_stop)
};

/// To a front end: work with these limits from now on. They have passed validate().
struct frontend_limits {
  http_limits limits;
  template <class Inspector>
  friend auto inspect(Inspector& f, frontend_limits&) {
    return f(caf::meta::type_name("frontend_limits"));
  }
};

/// INTERNAL: the requests that this round of the multiplexer brought go out.
struct frontend_round {
  QRWELL_NO_FIELDS(frontend_round)
};

struct http_frontend_state {
  static constexpr const char* name = "http_frontend";

  std::unique_ptr<connection_table> table;
  std::shared_ptr<http_counters> counters;
  std::shared_ptr<accepted> news = std::make_shared<accepted>();
  caf::intrusive_ptr<http_doorman> door;
  http_services services;
  scan_recorder_actor recorder;
  wall_clock wall;
  std::string label;
  log::trouble trouble;
  vitals_ptr vital;
  bool round_sent = false, stopping = false;
  uint64_t turned_away = 0; ///< of the counter, at the last tick
  bool crowded = false;     ///< it grew then
  bool starved = false;     ///< since the last tick there was no descriptor for a new client
  bool starves = false;     ///< and so it was in the second before

  ~http_frontend_state();
};

using http_frontend_actor = caf::stateful_actor<http_frontend_state, caf::io::broker>;

/// One listener and all its connections. An answer_sink that also answers status_query and frontend_stop. Spawn it with
/// `sys.middleman().spawn_broker(http_frontend, vitals, config, services, recorder)`; the actor system needs
/// `middleman.max-consecutive-reads` 1 only for other brokers, and `scheduler.policy` sharing (work stealing polls, and
/// takes the CPU that the multiplexer needs). All front ends of a node run in the one thread of its multiplexer. The
/// network backend must be CAF's default one: quits at once on the testing one.
caf::behavior http_frontend(http_frontend_actor* self, vitals_ptr v, http_frontend_config cfg, http_services services,
                            scan_recorder_actor recorder);

} // namespace qrwell

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(qrwell::frontend_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(qrwell::frontend_limits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(qrwell::frontend_round)
