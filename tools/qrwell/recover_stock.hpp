#pragma once

#include <string>

namespace qrwell::cli {

/// `qrwell recover --void-stock`: makes a store fit to be used that is older than what was issued from it. Without
/// `yes` it only says what it would do. The exit code.
int void_stock(const std::string& config_file, bool yes, bool as_json);

} // namespace qrwell::cli
