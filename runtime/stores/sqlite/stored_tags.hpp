#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qrwell::sqlite {

/// The tags of a row, as its JSON array says. They were checked where they came in; what cannot be read is none: a code
/// is worth more than its tags.
std::vector<std::string> tags_in(std::string_view stored);

} // namespace qrwell::sqlite
