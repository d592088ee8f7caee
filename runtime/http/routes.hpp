#pragma once

#include "messages/http.hpp"

#include <string>
#include <string_view>

namespace qrwell::http {

/// Who serves a request. Each class has its own queue budget and its own actors, so that a flood of one leaves the
/// others alone (promise P9).
enum class request_class : uint8_t { scan, issue, batch, code, bulk, transfer, admin };
constexpr size_t request_classes = 7;

std::string_view to_string(request_class c) noexcept;

/// The listener for everyone, and the operator's.
enum class listener_kind : uint8_t { open, admin };

struct route {
  enum class verdict : uint8_t {
    found,
    unknown_path,
    wrong_method ///< see `allow`
  };
  verdict what = verdict::unknown_path;
  request_class cls = request_class::admin;
  std::string allow; ///< of wrong_method, and of every OPTIONS: the value of an Allow header
};

/// Looks a request up in the one table of the API. `path` is the target without its query, as sent. OPTIONS is always
/// wrong_method: it is answered with `allow`, without asking anyone.
route find_route(listener_kind listener, http_method method, std::string_view path);

/// Whether a request means nothing without a body, so that one which does not say how long it is was cut.
bool needs_body(http_method method, std::string_view path) noexcept;

/// What pages of any origin may ask: scans.
bool is_cross_origin(std::string_view path) noexcept;

/// The route of everything behind a prefix of link codes, which are not in the table: who scans without WeChat.
route link_route(http_method method);

/// Bodies of these may be as long as a batch: batches themselves, and parts of imports.
bool is_batch(http_method method, std::string_view path) noexcept;

} // namespace qrwell::http
