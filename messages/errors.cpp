#include "messages/errors.hpp"

#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <array>

namespace qrwell {
namespace {

constexpr std::array<std::string_view, 28> names{
    "none",          "invalid_config",   "invalid_request",   "unauthorized", "forbidden",   "not_found",
    "conflict",      "version_mismatch", "idempotency_reuse", "unknown_code", "revoked",     "expired",
    "rate_limited",  "overloaded",       "out_of_stock",      "timeout",      "unavailable", "outcome_unknown",
    "store_busy",    "store_failed",     "store_corrupt",     "disk_full",    "not_leader",  "locked",
    "restored_copy", "wechat_refused",   "shutting_down",     "internal"};
static_assert(names.size() == static_cast<size_t>(ec::internal) + 1, "every ec has a name");

} // namespace

std::string_view to_string(ec code) noexcept {
  auto index = static_cast<size_t>(code);
  return index < names.size() ? names[index] : "unknown";
}

caf::error fail(ec code, std::string sentence) {
  return caf::make_error(code, std::move(sentence));
}

caf::error fail(ec code, std::string sentence, uint32_t retry_after_s) {
  return caf::make_error(code, std::move(sentence), retry_after_s);
}

uint32_t retry_after_s_of(const caf::error& err) {
  return err.context().match_elements<std::string, uint32_t>() ? err.context().get_as<uint32_t>(1) : 0;
}

ec code_of(const caf::error& err) noexcept {
  if (!err) return ec::none;
  if (err.category() == caf::atom("qrwell")) return static_cast<ec>(err.code());
  if (err.category() == caf::atom("system")) {
    if (err.code() == static_cast<uint8_t>(caf::sec::request_timeout)) return ec::timeout;
    if (err.code() == static_cast<uint8_t>(caf::sec::request_receiver_down)) return ec::unavailable;
  }
  return err.category() == caf::atom("exit") ? ec::unavailable : ec::internal;
}

std::string render(const caf::error& err) {
  if (!err) return "none";
  auto code = std::string(to_string(code_of(err)));
  auto sentence = sentence_of(err);
  return sentence.empty() ? code : code + ": " + sentence;
}

std::string sentence_of(const caf::error& err) {
  const auto& context = err.context();
  return !context.empty() && context.match_element<std::string>(0) ? context.get_as<std::string>(0) : std::string();
}

} // namespace qrwell
