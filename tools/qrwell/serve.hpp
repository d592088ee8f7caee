#pragma once

#include "config/settings.hpp"

namespace qrwell::cli {

/// Runs a node of this configuration in the foreground until a signal or a fatal error ends it. Returns the exit code.
int serve(const settings& cfg);

} // namespace qrwell::cli
