#pragma once

#include "messages/scan.hpp"

#include <string>

namespace qrwell {

/// What a scan answers: `{"id", "path", "query", "url", "version"}`. `id` tells a page whether a pre-fetched answer is
/// its own. `query` in the form in which it was sent, null if there was none; `url` is the path with the
/// percent-encoded query, ready for wx.redirectTo.
std::string scene_json(const scene& found);

} // namespace qrwell
