#pragma once

#include "actors/batch_server/batch_desk.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/http/visit.hpp"
#include "runtime/keys/key_watch.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace qrwell {

struct batch_server_state {
  static constexpr const char* name = "batch_server";
  std::unique_ptr<key_watch<watched<batch_server_actor, batch_server_state>*>> keys;
  std::optional<batch_desk> desk;
  std::vector<answer_sink> sinks; ///< front ends, by the number the desk knows them by
  size_t under_way = 0;           ///< visits that are not with the desk: before their keys are known
  uint64_t refused = 0;
};

/// Serves `POST /v1/codes/batch`. On a thread of its own: reading 4 MiB of JSON takes tens of milliseconds, in which a
/// worker would serve a thousand single requests (P9).
batch_server_actor::behavior_type batch_server(watched<batch_server_actor, batch_server_state>* self, vitals_ptr v,
                                               batch_server_config cfg, wall_clock wall, store_reader_actor reader,
                                               request_server_actor desk);

} // namespace qrwell
