#include "runtime/http/answer.hpp"

#include "runtime/http/client_sentence.hpp"
#include "runtime/http/problem.hpp"
#include "runtime/http/utf8.hpp"
#include "runtime/http/words.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>

namespace qrwell::http {
namespace {

void put_number(std::string& out, uint64_t number) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  auto from = out.size();
  out += value;
  for (auto i = from; i < out.size(); ++i)
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  out += "\r\n";
}

} // namespace

problem problem_not_json() {
  problem out{ec::invalid_request, "Content-Type: must be application/json."};
  out.status = 415;
  return out;
}

int status_of(ec code) noexcept {
  return kind_of(code).status;
}

void answer_writer::add(const http_place& at, int status, std::string_view content_type, std::string_view body,
                        std::string_view request_id, std::initializer_list<header> headers, bool body_omitted) {
  add(at, status, content_type, body, request_id, std::span<const header>(headers.begin(), headers.size()),
      body_omitted);
}

void answer_writer::add(const http_place& at, int status, std::string_view content_type, std::string_view body,
                        std::string_view request_id, std::span<const header> headers, bool body_omitted) {
  put(at, status, content_type, body.size(), body_omitted ? std::string_view() : body, request_id, headers);
}

void answer_writer::add_head(const http_place& at, std::string_view content_type, uint64_t size,
                             std::string_view request_id, std::initializer_list<header> headers) {
  put(at, 200, content_type, size, "", request_id, std::span<const header>(headers.begin(), headers.size()));
}

void answer_writer::put(const http_place& at, int status, std::string_view content_type, uint64_t size,
                        std::string_view body, std::string_view request_id, std::span<const header> headers) {
  auto& out = out_.arena;
  auto offset = out.size();
  bool close = false;
  out += "HTTP/1.1 ";
  put_number(out, static_cast<uint64_t>(status));
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
  bool bodiless = status < 200 || status == 204 ||
                  status == 304; // RFC 9110: these have none, and a 304's length would be the 200's
  if (!bodiless) {
    if (!content_type.empty()) put_header(out, "Content-Type", content_type);
    out += "Content-Length: ";
    put_number(out, size);
    out += "\r\n";
  }
  if (!request_id.empty()) put_header(out, "X-Request-Id", request_id);
  for (const auto& [name, value] : headers) {
    if (value.empty()) continue;
    close = close || (same_word(name, "connection") && same_word(value, "close"));
    put_header(out, name, value);
  }
  out += lines_;
  out += "\r\n";
  if (!bodiless) out += body;
  out_.answers.push_back(
      {at, static_cast<uint32_t>(offset), static_cast<uint32_t>(out.size() - offset), close, timed_});
}

namespace {

problem_kind kind_as_sent(const problem& what) {
  auto kind = kind_of(what.code);
  if (what.status != 0) {
    if (auto* known = kind_of_status(what.status)) kind = *known;
    kind.status = what.status;
  }
  return kind;
}

} // namespace

std::string problem_json(const problem& what, std::string_view request_id) {
  auto kind = kind_as_sent(what);
  std::string body;
  body.reserve(256 + what.detail.size());
  body += R"({"type":"/problems/)";
  body += kind.code;
  body += R"(","title":)";
  body += boost::json::serialize(boost::json::string_view(kind.title.data(), kind.title.size()));
  body += R"(,"status":)";
  put_number(body, static_cast<uint64_t>(kind.status));
  body += R"(,"detail":)";
  body += boost::json::serialize(to_utf8(what.status == 0 ? client_sentence(what.code, what.detail) : what.detail));
  body += R"(,"code":")";
  body += kind.code;
  body += '"';
  if (!request_id.empty()) body += R"(,"request_id":)" + boost::json::serialize(to_utf8(request_id));
  body += kind.retryable ? R"(,"retryable":true})" : R"(,"retryable":false})";
  return body;
}

void answer_writer::add_problem(const http_place& at, const problem& what, std::string_view request_id,
                                bool body_omitted) {
  auto kind = kind_as_sent(what);
  auto body = problem_json(what, request_id);
  // An error is never for a cache: an id that is unknown now may be bound a second later.
  add(at, kind.status, "application/problem+json", body, request_id,
      {{"Cache-Control", "no-store"},
       {"Retry-After", what.retry_after_s == 0 ? std::string() : std::to_string(what.retry_after_s)},
       {"Allow", what.allow},
       {"Content-Range", what.content_range},
       {"RateLimit-Limit", what.rate_limit},
       {"RateLimit-Remaining", what.rate_remaining},
       {"RateLimit-Reset", what.rate_reset},
       {"WWW-Authenticate", kind.status == 401 ? "Bearer" : ""},
       {"Access-Control-Allow-Origin", what.cors ? "*" : ""},
       {"Access-Control-Expose-Headers", what.cors ? "Retry-After, X-Request-Id" : ""},
       {"Connection", what.close ? "close" : ""}},
      body_omitted);
}

http_answers answer_writer::take() {
  return std::exchange(out_, {});
}

} // namespace qrwell::http
