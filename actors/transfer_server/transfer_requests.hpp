#pragma once

#include "messages/errors.hpp"
#include "messages/listing.hpp"
#include "messages/transfer.hpp"
#include "runtime/http/target.hpp"
#include "runtime/ids/code_id.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// What `GET /v1/export` asks for. Error invalid_request names the parameter.
caf::expected<code_list> read_export(const http::target& target);

/// Goes on where next_cursor() said. Error invalid_request for another text.
caf::error read_export_cursor(std::string_view text, code_list& out);

/// Where the next page goes on; empty when there is none.
std::string next_cursor(const code_page& page);

/// Those of the keys that are not known yet. What is known keeps its rank: the ids of our own keys go on being judged
/// without the store.
std::vector<foreign_key> unknown_keys(const std::vector<foreign_key>& sent, const std::vector<foreign_key>& known);

/// First characters of ids that several of these keys make. Where our own keys are among them, a wrong MAC says nothing
/// of such an id; one of a key that is alone is judged by that key, or by the store if it is none of ours.
std::string shared_characters(const std::vector<foreign_key>& keys);

/// First characters of ids that our own keys would call forged: whatever made these, it was another key.
std::string characters_of_others(const std::vector<import_row>& rows, const mac_keys& ours);

} // namespace qrwell
