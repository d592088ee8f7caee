#pragma once

#include "messages/errors.hpp"

#include <string>

namespace qrwell {

/// The page for a browser that scanned a link code, which WeChat would have opened: `none` for a code that works, else
/// what is wrong with it. Chinese and English, no resource from elsewhere, readable without a style.
std::string landing_page(ec what);

} // namespace qrwell
