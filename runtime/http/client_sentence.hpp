#pragma once

#include "messages/errors.hpp"

#include <string_view>

namespace qrwell::http {

/// What a client reads of an error: its sentence, unless that tells of the inside of the node (files, SQLite, who holds
/// a lease). That is its operator's, who finds it in the log and in the status.
std::string_view client_sentence(ec code, std::string_view sentence) noexcept;

} // namespace qrwell::http
