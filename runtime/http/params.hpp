#pragma once

#include "runtime/http/target.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace qrwell::http {

// What calls read of their query alike. Each error is invalid_request and names the parameter.

/// No other parameters than these, and none of them twice: what is misspelt would show more than was asked for.
caf::error check_params(const target& from, std::initializer_list<std::string_view> allowed);

/// `limit`: a whole number from 1 to `most`, or `otherwise` without the parameter.
caf::expected<uint32_t> read_limit(const target& from, uint32_t otherwise, uint32_t most);

/// A time, or `otherwise` without the parameter. A '+' of an offset that was not written as %2B is understood.
caf::expected<int64_t> read_time(const target& from, std::string_view name, int64_t otherwise);

} // namespace qrwell::http
