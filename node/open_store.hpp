#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "node/data_dir.hpp"
#include "runtime/stores/code_store.hpp"

#include <memory>

namespace qrwell {

// How the embedded store of a data directory is opened. A new one is made only for a node whose directory has had none:
// an empty store in the place of a lost one would answer "unknown" to every printed code.

/// For a node that starts, under its lock: made, or brought up to date, or refused with a sentence.
caf::expected<std::unique_ptr<code_store>> open_store_for_node(const settings& cfg, const data_dir& dir,
                                                               store_clock clock = store_clock::system());

/// For a command while no node runs, under the lock: as it is. An older or foreign copy is refused here too.
caf::expected<std::unique_ptr<code_store>> open_store_for_command(const settings& cfg, const data_dir& dir);

/// For a command that makes an older or another copy fit to be used, under the lock: brought up to date if need be.
struct store_to_recover {
  std::unique_ptr<code_store> store;
  caf::error refused; ///< why a node would not start on it; none: it would
};
caf::expected<store_to_recover> open_store_to_recover(const settings& cfg, const data_dir& dir);

/// To read only, beside a running node or without one; refuses what open_store_for_command refuses.
caf::expected<std::unique_ptr<code_store>> open_store_to_look(const settings& cfg);

} // namespace qrwell
