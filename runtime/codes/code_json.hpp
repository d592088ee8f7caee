#pragma once

#include "messages/bind.hpp"
#include "messages/store.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// What else an answer says of a code than what its row's public part holds.
struct code_context {
  std::string_view public_url;         ///< without '/' at its end
  int64_t now_ms = 0;                  ///< Unix: makes a bound code whose time is past `expired`
  std::string_view rung = {};          ///< of an answer that just bound it: stock, lot, live or link; empty: left out
  const code_record* record = nullptr; ///< not null: everything known, with counts and history
};

/// "bound", "expired", ...: the state as clients see it.
std::string_view state_word(const code_view& code, int64_t now_ms) noexcept;

/// "wxacode", "link" or "imported".
std::string_view kind_word(code_kind kind) noexcept;

/// Appends the one JSON form of a code, as every call answers it.
void append_code_json(std::string& out, const code_view& code, const code_context& context);

/// "image/png" or "image/jpeg".
std::string_view image_type(std::string_view format) noexcept;

} // namespace qrwell
