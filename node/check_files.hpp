#pragma once

#include "actors/scan_server/scene_desk.hpp"
#include "config/settings.hpp"

namespace qrwell {

/// The check files of all pools' link_verify_dir, under every prefix of their pool: plain files NAME.txt right in the
/// folder, of at most 4 KiB, 64 a folder. What is left out is told in the log, and why.
check_files_ptr read_check_files(const settings& cfg);

} // namespace qrwell
