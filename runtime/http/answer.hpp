#pragma once

#include "messages/errors.hpp"
#include "messages/http.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace qrwell::http {

using header = std::pair<std::string_view, std::string_view>;

/// Everything an error answer says beside its status: RFC 9457, and ours.
struct problem {
  ec code = ec::internal;
  std::string detail = {};    ///< what, where, and what to do about it
  uint32_t retry_after_s = 0; ///< 0: no Retry-After
  std::string allow = {};     ///< of a 405
  int status = 0;     ///< 0: that of `code`; else one of HTTP itself (405, 408, 413, 414, 415, 416, 431, 501, 505)
  bool close = false; ///< says Connection: close, and the front end closes
  bool cors = false;  ///< pages of any origin may read it
  std::string content_range = {};                                    ///< of a 416: "bytes */N"
  std::string rate_limit = {}, rate_remaining = {}, rate_reset = {}; ///< RateLimit-* headers; empty: none
};

/// The body of an error answer: RFC 9457, and ours. Without a `request_id` it stands within another answer.
std::string problem_json(const problem& what, std::string_view request_id);

/// Renders answers one behind the other into one arena: one message for a whole group.
class answer_writer {
public:
  /// Adds Content-Length and X-Request-Id (when `request_id` is not empty). A header `Connection: close` closes the
  /// connection after it. For a HEAD request pass `body_omitted`: the length is told, the bytes are not sent. Line
  /// breaks in header values become spaces, so that no value can forge a header.
  void add(const http_place& at, int status, std::string_view content_type, std::string_view body,
           std::string_view request_id, std::initializer_list<header> headers = {}, bool body_omitted = false);

  /// The same with headers that were put together at run time.
  void add(const http_place& at, int status, std::string_view content_type, std::string_view body,
           std::string_view request_id, std::span<const header> headers, bool body_omitted = false);

  /// Answers a HEAD request whose GET would have a body of `size` bytes, for those who need not read it to know that.
  void add_head(const http_place& at, std::string_view content_type, uint64_t size, std::string_view request_id,
                std::initializer_list<header> headers);

  /// application/problem+json by the one table that maps every `ec` to type, title and status.
  /// `body_omitted` as in add().
  void add_problem(const http_place& at, const problem& what, std::string_view request_id, bool body_omitted = false);

  /// Every answer that is added from now on gets these header lines, each with its CR LF. `timed`: the front end may
  /// say how long it took.
  void set_lines(std::string_view lines, bool timed) {
    lines_ = lines;
    timed_ = timed;
  }

  bool empty() const noexcept { return out_.answers.empty(); }

  /// What was added so far; the writer is empty afterwards.
  http_answers take();

private:
  void put(const http_place& at, int status, std::string_view content_type, uint64_t size, std::string_view body,
           std::string_view request_id, std::span<const header> headers);

  http_answers out_;
  std::string lines_;
  bool timed_ = false;
};

/// 415 of a body that is not sent as JSON.
problem problem_not_json();

/// HTTP status of an error code; the same table as add_problem.
int status_of(ec code) noexcept;

} // namespace qrwell::http
