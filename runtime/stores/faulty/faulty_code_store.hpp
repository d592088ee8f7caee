#pragma once

#include "runtime/stores/code_store.hpp"
#include "runtime/stores/faulty/fault_plan.hpp"

namespace qrwell {

/// A code_store of which calls fail as a plan says, for tests and drills. Reading calls never have an unknown outcome:
/// they fail instead. `sleep_ms` is how a slow call waits.
std::unique_ptr<code_store> make_faulty(std::unique_ptr<code_store> inner, std::shared_ptr<fault_plan> plan,
                                        std::function<void(uint32_t)> sleep_ms = {});

} // namespace qrwell
