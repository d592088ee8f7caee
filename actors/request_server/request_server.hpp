#pragma once

#include "actors/request_server/request_desk.hpp"
#include "messages/interfaces.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/logging/repeats.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qrwell {

struct request_server_state {
  static constexpr const char* name = "request_server";

  request_server_config cfg;
  std::optional<request_desk> desk;
  std::vector<answer_sink> sinks; ///< front ends, by the number the desk knows them by
  std::vector<item_sink> askers;  ///< batch_servers, in the same way
  binding_persister_actor persister;
  store_reader_actor reader;
  store_writer_actor writer;
  image_worker_actor images;
  std::map<std::string, pool_stocker_actor> stockers; ///< by pool
  log::limiter missing_images;
  log::trouble trouble;
  int64_t tell_from_ms = 0; ///< that the keys are not read yet is no trouble at the start
};

/// `stockers`: one for each pool of this node, by its name; a request for any other pool is refused.
request_server_actor::behavior_type request_server(watched<request_server_actor, request_server_state>* self,
                                                   vitals_ptr v, request_server_config cfg,
                                                   binding_persister_actor persister, store_reader_actor reader,
                                                   store_writer_actor writer, image_worker_actor images,
                                                   std::map<std::string, pool_stocker_actor> stockers);

} // namespace qrwell
