#pragma once

#include <string>
#include <string_view>

namespace qrwell::cli {

/// A JPEG as text for a terminal that shows half blocks: `columns` characters wide, two pixels in each. Black and
/// white, so that a phone can still see what it is. The empty string for what does not decode.
std::string terminal_picture(std::string_view jpeg, size_t columns);

} // namespace qrwell::cli
