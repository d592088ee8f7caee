#include "tools/wechat-sim/answer_faults.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace qrwell::sim {

namespace {

constexpr std::size_t magic_bytes = 4;

std::shared_ptr<const std::string> noise(std::string start, std::size_t size, std::mt19937_64& random) {
  while (start.size() < size) start += static_cast<char>(random() & 0xFFU);
  return std::make_shared<const std::string>(std::move(start));
}

/// The first byte of the noise is never that of an image or of JSON, or the fault would be another one.
constexpr char harmless = '\x11';

} // namespace

bool replaces_answer(const fault& f) {
  using enum fault_kind;
  return f.kind == error || f.kind == error_as_text || f.kind == json_as_image || f.kind == http_status ||
         f.kind == gateway_html;
}

bool is_about_delivery(const fault& f) {
  using enum fault_kind;
  constexpr std::array kinds{delay,      fault_kind::reset, reset_mid_head, reset_mid_body, truncated,
                             black_hole, slow_body,         empty_body,     short_body};
  return std::ranges::find(kinds, f.kind) != kinds.end();
}

void disturb(sim_answer& answer, const fault& f, std::mt19937_64& random) {
  using enum fault_kind;
  switch (f.kind) {
  case error_as_text:
    answer.content_type = "text/plain";
    break;
  case json_as_image:
    answer.content_type = "image/jpeg";
    break;
  case http_status:
  case gateway_html:
    answer.status = static_cast<unsigned>(f.code);
    answer.content_type = "text/html";
    answer.body = std::make_shared<const std::string>(
        fmt::format("<html><head><title>{0}</title></head><body>{0}</body></html>\n", f.code));
    break;
  case fault_kind::delay:
    answer.delay_ms += f.ms;
    break;
  case fault_kind::reset_mid_head:
    answer.how = delivery::reset_mid_head;
    break;
  case short_body:
    answer.body = std::make_shared<const std::string>(answer.body->substr(0, answer.body->size() / 2));
    break;
  case fault_kind::reset:
    answer.how = delivery::reset;
    break;
  case fault_kind::reset_mid_body:
    answer.how = delivery::reset_mid_body;
    break;
  case fault_kind::truncated:
    answer.how = delivery::truncated;
    break;
  case black_hole:
    answer.how = delivery::silence;
    break;
  case slow_body:
    answer.body_ms = f.ms;
    break;
  case empty_body:
    answer.body = std::make_shared<const std::string>();
    break;
  case image_as_json:
    answer.content_type = "application/json; encoding=utf-8";
    break;
  case garbage:
    answer.body = noise(std::string(1, harmless), answer.body->size(), random);
    break;
  case corrupt:
    answer.body = noise(answer.body->substr(0, magic_bytes), answer.body->size(), random);
    break;
  case reset_on_accept:
  case error:
  case wrong_size:
  case same_bytes:
  case refuse_ampersand:
  case steal_token:
  case expire_token:
    break;
  }
}

} // namespace qrwell::sim
