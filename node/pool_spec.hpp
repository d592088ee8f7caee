#pragma once

#include "config/settings.hpp"
#include "messages/stock.hpp"

#include <string>

namespace qrwell {

/// What of a pool's settings makes its generation: how the codes look and where they land.
code_spec spec_of(const pool_settings& pool);

/// The canonical JSON form (RFC 8785) of a spec: what the store keeps, and whose SHA-256 tells generations apart.
std::string spec_text(const code_spec& spec);

} // namespace qrwell
