#pragma once

#include <string_view>

namespace qrwell {

/// node/openapi.json, built in: what /openapi.json answers.
std::string_view openapi_text();

} // namespace qrwell
