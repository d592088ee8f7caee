#include "runtime/wechat/answers.hpp"

#include "runtime/wechat/redact.hpp"

#include <boost/json.hpp>

#include <optional>

namespace qrwell::wechat {
namespace {

constexpr size_t json_bytes_max = 64 * 1024;
constexpr size_t errmsg_bytes_max = 300;
constexpr size_t token_bytes_max = 2'048;

bool begins_like_json(const bytes& body) noexcept {
  for (auto c : body)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c == '{';
  return false;
}

std::optional<boost::json::object> parse_object(const bytes& body) {
  if (body.size() > json_bytes_max || !begins_like_json(body)) return std::nullopt;
  boost::json::error_code failed;
  try {
    auto value = boost::json::parse({reinterpret_cast<const char*>(body.data()), body.size()}, failed);
    if (!failed && value.is_object()) return std::move(value.as_object());
  } catch (const std::exception&) { // out of memory
  }
  return std::nullopt;
}

std::optional<int32_t> errcode_of(const boost::json::object& answer) {
  auto* code = answer.if_contains("errcode");
  if (!code) return std::nullopt;
  boost::json::error_code failed;
  auto number = code->to_number<int32_t>(failed);
  return failed ? std::nullopt : std::optional(number);
}

std::string text_of(const boost::json::object& answer, std::string_view field, size_t bytes_max) {
  auto* value = answer.if_contains(field);
  return value && value->is_string() ? printable({value->get_string().data(), value->get_string().size()}, bytes_max)
                                     : "";
}

std::string what_came(const http_outcome& how) {
  return "HTTP " + std::to_string(how.status) + ", " + std::to_string(how.body.size()) + " bytes, " +
         (how.content_type.empty() ? "no content type" : how.content_type);
}

} // namespace

image_magic sniff(const bytes& data) noexcept {
  auto starts = [&](std::initializer_list<uint8_t> magic) {
    return data.size() >= magic.size() && std::equal(magic.begin(), magic.end(), data.begin());
  };
  if (starts({0xff, 0xd8, 0xff})) return image_magic::jpeg;
  return starts({0x89, 0x50, 0x4e, 0x47}) ? image_magic::png : image_magic::none;
}

fetched_code read_code(std::string id, http_outcome&& how) {
  fetched_code out;
  out.id = std::move(id);
  out.took_ms = how.took_ms;
  out.detail = std::move(how.detail);
  if (how.curl != 0 && !how.any_byte_written) {
    out.outcome = fetch_outcome::never_written;
  } else if (how.curl != 0 && !how.too_large) {
    out.outcome = fetch_outcome::lost;
  } else if (how.too_large) {
    out.outcome = fetch_outcome::not_an_answer;
  } else if (how.status == 200 && sniff(how.body) != image_magic::none) {
    out.outcome = fetch_outcome::image;
    out.image = std::move(how.body);
  } else if (auto answer = how.status < 500 ? parse_object(how.body) : std::nullopt;
             answer && errcode_of(*answer).value_or(0) != 0) {
    out.outcome = fetch_outcome::refused;
    out.errcode = *errcode_of(*answer);
    out.detail = text_of(*answer, "errmsg", errmsg_bytes_max);
  } else {
    out.outcome = fetch_outcome::not_an_answer;
    out.detail = "neither image nor error: " + what_came(how);
  }
  return out;
}

token_answer read_token(const http_outcome& how) {
  token_answer out;
  if (how.curl != 0) {
    out.detail = how.detail;
    return out;
  }
  auto answer = how.status < 500 ? parse_object(how.body) : std::nullopt;
  if (!answer) {
    out.detail = "not an answer of the token interface: " + what_came(how);
    return out;
  }
  if (auto code = errcode_of(*answer).value_or(0); code != 0) {
    out.end = token_end::refused;
    out.errcode = code;
    out.detail = text_of(*answer, "errmsg", errmsg_bytes_max);
    return out;
  }
  auto* token = answer->if_contains("access_token");
  auto good =
      token && token->is_string() && !token->get_string().empty() && token->get_string().size() <= token_bytes_max &&
      std::all_of(token->get_string().begin(), token->get_string().end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (how.status != 200 || !good) {
    out.detail = "an answer without a usable access_token: " + what_came(how);
    return out;
  }
  out.end = token_end::token;
  out.value = secret(std::string(token->get_string().data(), token->get_string().size()));
  boost::json::error_code failed;
  auto* life = answer->if_contains("expires_in");
  auto seconds = life ? life->to_number<int64_t>(failed) : 0;
  out.expires_in_s = failed ? 0 : std::clamp<int64_t>(seconds, 0, 86'400);
  return out;
}

} // namespace qrwell::wechat
