#pragma once

#include "messages/errors.hpp"
#include "messages/http.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace qrwell::http {

using header = std::pair<std::string_view, std::string_view>;

/// Everything an error answer says beside its status: RFC 9457, and ours.
struct problem {
  ec code = ec::internal;
  std::string detail;          ///< what, where, and what to do about it
  uint32_t retry_after_s = 0;  ///< 0: no Retry-After
  std::string allow;           ///< of a 405
};

/// Renders answers one behind the other into one arena: one message for a whole group.
class answer_writer {
public:
  /// `keep_alive` false closes the connection after it. Adds Content-Length and X-Request-Id (when `request_id` is not empty).
  /// For a HEAD request pass `body_omitted`: the length is told, the bytes are not sent.
  void add(const http_place& at, int status, std::string_view content_type, std::string_view body, std::string_view request_id,
           std::initializer_list<header> headers = {}, bool body_omitted = false);

  /// application/problem+json by the one table that maps every `ec` to type, title and status.
  void add_problem(const http_place& at, const problem& what, std::string_view request_id);

  bool empty() const noexcept { return out_.answers.empty(); }

  /// What was added so far; the writer is empty afterwards.
  http_answers take();

private:
  http_answers out_;
};

/// HTTP status of an error code; the same table as add_problem.
int status_of(ec code) noexcept;

} // namespace qrwell::http
