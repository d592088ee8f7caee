#pragma once

#include "messages/errors.hpp"
#include "messages/listing.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// The place at which `page` ended, for the same list only: base64url of a hash of the filters and of the place. The
/// limit is not among the filters and may change from page to page.
std::string write_cursor(const code_list& filters, const code_page& page);

/// Goes on at that place. Error invalid_request for a cursor that is broken or was given out for other filters.
caf::error read_cursor(std::string_view text, code_list& list);

} // namespace qrwell
