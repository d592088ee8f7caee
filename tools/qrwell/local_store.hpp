#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "node/data_dir.hpp"
#include "runtime/stores/code_store.hpp"

#include <memory>

namespace qrwell::cli {

/// The embedded store of a node that is not running, under the lock of its data directory.
struct local_store {
  data_dir dir;
  std::unique_ptr<code_store> store;
};

/// Error locked when the node runs after all. Never makes a store, and leaves the directory as it is.
caf::expected<local_store> open_local_store(const settings& cfg);

} // namespace qrwell::cli
