#include "runtime/http/problem.hpp"

#include <array>
#include <utility>

namespace qrwell::http {
namespace {

// In the order of `ec`. What went wrong inside (a store, a lease, a configuration) is the operator's to know: a client
// learns only whether to try again. `timeout` and `outcome_unknown` are retryable because an Idempotency-Key makes a
// retry safe (promise P5).
struct row {
  ec code;
  problem_kind kind;
};

constexpr std::array kinds{
    row{ec::none, {"none", "No error", 500, false}},
    row{ec::invalid_config, {"internal", "Internal error", 500, false}},
    row{ec::invalid_request, {"invalid_request", "The request is wrong", 400, false}},
    row{ec::unauthorized, {"unauthorized", "No valid key", 401, false}},
    row{ec::forbidden, {"forbidden", "The key may not do this", 403, false}},
    row{ec::not_found, {"not_found", "Not found", 404, false}},
    row{ec::conflict, {"conflict", "The state does not allow this", 409, false}},
    row{ec::version_mismatch, {"version_mismatch", "The version is not the present one", 412, false}},
    row{ec::idempotency_reuse, {"idempotency_reuse", "The Idempotency-Key was used with another body", 422, false}},
    row{ec::unknown_code, {"unknown_code", "No such code", 404, false}},
    row{ec::revoked, {"revoked", "The code was revoked", 410, false}},
    row{ec::expired, {"expired", "The code has expired", 410, false}},
    row{ec::rate_limited, {"rate_limited", "Past a limit", 429, true}},
    row{ec::overloaded, {"overloaded", "Too much at once", 503, true}},
    row{ec::out_of_stock, {"out_of_stock", "No code in stock", 503, true}},
    row{ec::timeout, {"timeout", "Not done in time", 503, true}},
    row{ec::unavailable, {"unavailable", "Away for the moment", 503, true}},
    row{ec::outcome_unknown, {"outcome_unknown", "Not known whether it was done", 503, true}},
    row{ec::store_busy, {"store_busy", "The store is busy", 503, true}},
    row{ec::store_failed, {"store_failed", "The store did not do it", 503, true}},
    row{ec::store_corrupt, {"store_failed", "The store did not do it", 503, true}},
    row{ec::disk_full, {"store_failed", "The store did not do it", 503, true}},
    row{ec::not_leader, {"unavailable", "Away for the moment", 503, true}},
    row{ec::locked, {"unavailable", "Away for the moment", 503, true}},
    row{ec::restored_copy, {"unavailable", "Away for the moment", 503, true}},
    row{ec::wechat_refused, {"wechat_refused", "WeChat refused the call", 503, true}},
    row{ec::shutting_down, {"shutting_down", "This node is going away", 503, true}},
    row{ec::internal, {"internal", "Internal error", 500, false}},
};
static_assert(kinds.size() == static_cast<size_t>(ec::internal) + 1, "every ec has a kind of problem");

consteval bool in_order() {
  for (size_t i = 0; i < kinds.size(); ++i)
    if (static_cast<size_t>(kinds[i].code) != i) return false;
  return true;
}
static_assert(in_order(), "the rows stand in the order of ec");

// What HTTP itself demands, beside our own codes.
constexpr std::array http_kinds{
    problem_kind{"method_not_allowed", "The resource does not have this method", 405, false},
    problem_kind{"not_acceptable", "Not available in this form", 406, false},
    problem_kind{"request_timeout", "The request did not arrive in time", 408, true},
    problem_kind{"length_required", "The length of the body is missing", 411, false},
    problem_kind{"body_too_large", "The body is too large", 413, false},
    problem_kind{"target_too_long", "The request target is too long", 414, false},
    problem_kind{"unsupported_media_type", "The body is not in a known form", 415, false},
    problem_kind{"range_not_satisfiable", "The range is outside of the body", 416, false},
    problem_kind{"expectation_failed", "The expectation is not known", 417, false},
    problem_kind{"precondition_required", "The request needs a precondition", 428, false},
    problem_kind{"header_too_large", "The header is too large", 431, false},
    problem_kind{"not_implemented", "Not implemented", 501, false},
    problem_kind{"http_version_not_supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here", 505, false},
};

constexpr std::array<std::pair<int, std::string_view>, 36> phrases{{
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

} // namespace

const problem_kind& kind_of(ec code) noexcept {
  auto index = static_cast<size_t>(code);
  return kinds[index < kinds.size() ? index : static_cast<size_t>(ec::internal)].kind;
}

const problem_kind* kind_of_status(int status) noexcept {
  for (const auto& kind : http_kinds)
    if (kind.status == status) return &kind;
  return nullptr;
}

std::string_view reason_phrase(int status) noexcept {
  for (const auto& [number, phrase] : phrases)
    if (number == status) return phrase;
  return "Unknown";
}

} // namespace qrwell::http
