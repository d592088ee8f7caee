#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qrwell {

/// The id in a scanned link, as WeChat hands the whole link to the page in `q`: url-encoded once or twice, or not, with
/// whatever prefix it was printed, perhaps with a query or a slash behind it. None: no id stands at its end.
std::optional<std::string> id_of_link(std::string_view q);

} // namespace qrwell
