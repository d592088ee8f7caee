#pragma once

#include "messages/listing.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// `{"codes": [...], "next_cursor": ...}`, each code in the one form that all calls have.
std::string list_json(const code_list& asked, const code_page& page, std::string_view public_url);

/// `{"from", "to", "by", "rows": [...], "cut"}`; a row has what it is grouped by, and its two counts.
std::string stats_json(const stats_query& asked, const stats_rows& rows);

} // namespace qrwell
