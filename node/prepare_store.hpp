#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "node/data_dir.hpp"
#include "runtime/ids/code_id.hpp"
#include "runtime/stores/code_store.hpp"

#include <map>
#include <string>

namespace qrwell {

/// The numbers under which the store knows what the configuration names.
struct catalogue {
  std::map<std::string, uint32_t> app_ids; ///< by app
  std::map<std::string, uint32_t> gen_ids; ///< by pool: its current generation
  uint32_t schema = 0;
  std::string store_uuid;
};

struct prepared_store {
  catalogue known;
  mac_keys keys;
};

/// What a node does with its store before the first actor runs, under the lock of its data directory: refuses a
/// restored or foreign copy and one whose MAC keys are missing, writes its incarnation down, ends what its predecessors
/// left open, makes the configured apps and generations known and current.
caf::expected<prepared_store> prepare_store(code_store& store, const settings& cfg, const data_dir& dir);

} // namespace qrwell
