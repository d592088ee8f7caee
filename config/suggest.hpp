#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qrwell::config {

/// How many letters must be inserted, dropped, replaced or swapped with their neighbour to make one of the other.
size_t edit_distance(std::string_view a, std::string_view b);

/// `, did you mean "x"?` with the nearest of `known`, or nothing when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

} // namespace qrwell::config
