#pragma once

#include "messages/errors.hpp"

#include <string>
#include <string_view>

namespace qrwell {

// The small files of a data directory: each is written whole and synced, and is its owner's only (mode 0600).

/// The sentence of errno. Error disk_full, or invalid_config with the option that names the folder.
caf::error file_failure(std::string_view what, const std::string& path);

/// `flags` beside O_WRONLY | O_CREAT: O_APPEND, O_TRUNC or O_EXCL.
caf::error write_synced(const std::string& file, std::string_view text, int flags);

/// After a file was made in it or renamed.
caf::error sync_folder(const std::string& path);

} // namespace qrwell
