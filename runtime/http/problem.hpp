#pragma once

#include "messages/errors.hpp"

#include <string_view>

namespace qrwell::http {

/// One kind of error as a client sees it. `code` is also the end of the problem's type URI, `/problems/<code>`.
struct problem_kind {
  std::string_view code, title;
  int status = 500;
  bool retryable = false; ///< the same request may succeed later without a change
};

/// What a client is told of an error code. The only table of it.
const problem_kind& kind_of(ec code) noexcept;

/// What a client is told of a status that HTTP itself makes necessary (405, 413, ...); null for one that only our own
/// codes have.
const problem_kind* kind_of_status(int status) noexcept;

/// "Not Found"; "Unknown" for a status that nobody here uses.
std::string_view reason_phrase(int status) noexcept;

} // namespace qrwell::http
