#pragma once

#include "messages/errors.hpp"
#include "runtime/ids/code_id.hpp"
#include "runtime/stores/code_store.hpp"

#include <string>
#include <vector>

namespace qrwell {

/// The MAC keys of a store that is held: those of `file`, which is made for a store that has never had any. Error
/// invalid_config when one is missing that the store's codes were signed with: without it every one of them, and every
/// invented one, would cost a look-up, and nobody would hear of it.
caf::expected<mac_keys> open_store_keys(code_store& store, const std::string& file);

/// For those whose keys are lost for good: makes `file` if it is gone, and writes down that codes of missing keys are
/// judged by the store. The characters of these keys, empty when none is missing.
caf::expected<std::string> give_up_lost_keys(code_store& store, const std::string& file);

} // namespace qrwell
