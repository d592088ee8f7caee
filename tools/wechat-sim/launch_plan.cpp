#include "tools/wechat-sim/launch_plan.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/url.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/sim_errors.hpp"

namespace qrwell::sim {

namespace json = boost::json;
namespace urls = boost::urls;

namespace {

constexpr std::size_t text_max = 2048;
constexpr int64_t wait_max_ms = 60'000;

/// As encodeURIComponent does it.
std::string encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                 (c != '\0' && std::string_view{"-_.!~*'()"}.find(c) != std::string_view::npos);
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// What the page's onLoad gets, as a query.
std::string page_query(const launch_plan& plan) {
  return plan.link.empty() ? "scene=" + encoded(plan.scene) : "q=" + encoded(plan.link);
}

std::string read_server(const std::string& text, launch_plan& out) {
  constexpr const char* form = "server: must be http://HOST:PORT, such as http://127.0.0.1:8080";
  auto url = urls::parse_uri(text);
  if (!url || url->scheme() != "http" || url->host().empty() || url->has_query() || url->has_fragment() ||
      url->has_userinfo())
    return form;
  out.host = url->host_address();
  out.port = url->has_port() ? std::string{url->port()} : "80";
  out.base_path = std::string{url->encoded_path()};
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  return {};
}

std::string read_text(const json::value& value, std::string_view name, std::string& out) {
  if (!value.is_string() || value.get_string().size() > text_max)
    return fmt::format("{}: must be a text of at most {} bytes", name, text_max);
  out = std::string{value.get_string()};
  return {};
}

template <class T>
std::string read_whole(const json::value& value, std::string_view name, int64_t max, T& out) {
  if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > max)
    return fmt::format("{}: must be a whole number from 0 to {}", name, max);
  out = static_cast<T>(value.get_int64());
  return {};
}

std::string read_mode(const json::value& value, launch_plan& out) {
  if (value != "both" && value != "with" && value != "without") return "prefetch: must be both, with or without";
  out.with_prefetch = value != "without";
  out.without_prefetch = value != "with";
  return {};
}

std::string read_field(std::string_view name, const json::value& value, launch_plan& out) {
  if (name == "scene") return read_text(value, name, out.scene);
  if (name == "link") return read_text(value, name, out.link);
  if (name == "app") return read_text(value, name, out.appid);
  if (name == "page") return read_text(value, name, out.page);
  if (name == "token") return read_text(value, name, out.token);
  if (name == "launch") return read_whole(value, name, 9999, out.launch);
  if (name == "package_ms") return read_whole(value, name, wait_max_ms, out.package_ms);
  if (name == "network_ms") return read_whole(value, name, wait_max_ms, out.network_ms);
  if (name == "wait_ms") return read_whole(value, name, wait_max_ms, out.wait_ms);
  if (name == "prefetch") return read_mode(value, out);
  std::string server;
  if (name != "server")
    return fmt::format("there is no '{}'; a launch has scene or link, server, app, page, token, launch, package_ms, "
                       "network_ms, wait_ms, prefetch",
                       name);
  if (auto wrong = read_text(value, name, server); !wrong.empty()) return wrong;
  return read_server(server, out);
}

std::optional<json::object> scene_of(unsigned status, std::string_view body) {
  auto fields = parse_object(body);
  return status == 200 && fields && !text_field(*fields, "url").empty() ? fields : std::nullopt;
}

/// As the middle page kit has it: the id stands at the end of a link, behind a prefix that only the server knows.
bool belongs(std::string_view id, const launch_plan& plan) {
  if (plan.link.empty()) return id == plan.scene;
  if (id.empty() || plan.link.size() <= id.size() || !plan.link.ends_with(id)) return false;
  char before = plan.link[plan.link.size() - id.size() - 1];
  bool in_id = (before >= '0' && before <= '9') || (before >= 'A' && before <= 'Z') ||
               (before >= 'a' && before <= 'z') || before == '_' || before == '-';
  return !in_id;
}

} // namespace

std::variant<launch_plan, std::string> read_launch(const json::object& fields) {
  launch_plan out;
  for (const auto& field : fields)
    if (auto wrong = read_field(field.key(), field.value(), out); !wrong.empty()) return wrong;
  if (out.scene.empty() == out.link.empty()) return std::string{"give scene, the id of a code, or link, and not both"};
  if (out.host.empty()) return std::string{"server: is missing, such as http://127.0.0.1:8080"};
  // WeChat's number for a scanned ordinary QR code.
  if (!out.link.empty() && !fields.contains("launch")) out.launch = 1011;
  return out;
}

std::string prefetch_target(const launch_plan& plan, int64_t unix_ms) {
  auto credential = plan.token.empty() ? std::string{"code=simulated-login-code"} : "token=" + encoded(plan.token);
  return fmt::format("{}/v1/prefetch?appid={}&{}&timestamp={}&path={}&query={}&scene={}", plan.base_path,
                     encoded(plan.appid), credential, unix_ms, encoded(plan.page), encoded(page_query(plan)),
                     plan.launch);
}

std::string page_target(const launch_plan& plan) {
  auto asked = plan.link.empty() ? fmt::format("/{}?", encoded(plan.scene)) : fmt::format("?q={}&", encoded(plan.link));
  return fmt::format("{}/v1/scenes{}launch={}", plan.base_path, asked, plan.launch);
}

launch_outcome outcome_of_request(unsigned status, std::string_view body) {
  if (auto scene = scene_of(status, body)) return {"go", text_field(*scene, "url")};
  auto fields = parse_object(body).value_or(json::object{});
  auto code = text_field(fields, "code");
  // Only the server's own words are believed, as the kit does.
  static constexpr std::array verdicts{std::pair{std::string_view{"400 invalid_request"}, "unknown"},
                                       std::pair{std::string_view{"404 unknown_code"}, "unknown"},
                                       std::pair{std::string_view{"410 revoked"}, "revoked"},
                                       std::pair{std::string_view{"410 expired"}, "expired"}};
  auto said = fmt::format("{} {}", status, code);
  const auto* found =
      std::ranges::find(verdicts, std::string_view{said}, [](const auto& entry) { return entry.first; });
  if (found != verdicts.end()) return {found->second, said};
  return {"away", fmt::format("status {}", status)};
}

bool fits_launch(const launch_plan& plan, unsigned status, std::string_view body) {
  auto scene = scene_of(status, body);
  return scene && belongs(text_field(*scene, "id"), plan);
}

} // namespace qrwell::sim
