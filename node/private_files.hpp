#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"

#include <string>
#include <vector>

namespace qrwell {

/// Error invalid_config when a file or folder belongs to another user than this process's: what a second user makes in
/// a data directory the first cannot open later. `option`: what named it. No error for what is not there.
caf::error check_owner(std::string_view option, const std::string& path);

/// Takes the rights of group and others from the data directory, the small files in it, the store and the MAC keys:
/// they hold bindings, keys and hashes of keys. What was open to others, a line each: told to the operator, since
/// somebody may have read it. Error as check_owner; MAC keys outside of the directory may be another user's, as a
/// machine's manager of secrets does it, and are only told of.
caf::expected<std::vector<std::string>> make_private(const settings& cfg);

} // namespace qrwell
