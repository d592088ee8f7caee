#include "config/values.hpp"

#include "messages/errors.hpp"
#include "runtime/http/trusted_proxies.hpp"

#include <boost/url.hpp>

#include <arpa/inet.h>

namespace qrwell::config {
namespace {

struct unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<unit, 4> size_units{{{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}}};
constexpr std::array<unit, 5> time_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1'000}, {"ms", 1}}};

caf::error wrong(std::string what) {
  return fail(ec::invalid_config, std::move(what));
}

template <class Units>
caf::expected<uint64_t> read_with_unit(std::string_view text, const Units& units, std::string_view example) {
  auto end = text.find_first_not_of("0123456789");
  if (end == 0 || text.empty()) return wrong(fmt::format("\"{}\" is no number with a unit, as in {}", text, example));
  auto number = read_integer(text.substr(0, end));
  if (!number) return number;
  auto name = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  if (name.starts_with(' ')) name.remove_prefix(1);
  if (name.empty() && *number == 0) return uint64_t{0};
  for (auto& u : units) {
    if (u.name != name) continue;
    if (*number > INT64_MAX / u.factor) return wrong(fmt::format("\"{}\" is too large", text));
    return *number * u.factor;
  }
  return wrong(name.empty() ? fmt::format("\"{}\" has no unit; write it as in {}", text, example)
                            : fmt::format("\"{}\" is no unit known here; write it as in {}", name, example));
}

template <class Units>
std::string show_with_unit(uint64_t value, const Units& units) {
  for (auto& u : units)
    if (value != 0 && value % u.factor == 0) return std::to_string(value / u.factor) + std::string(u.name);
  return "0";
}

bool is_address(const std::string& host) {
  unsigned char buffer[16];
  return ::inet_pton(AF_INET, host.c_str(), buffer) == 1 || ::inet_pton(AF_INET6, host.c_str(), buffer) == 1;
}

bool lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

} // namespace

caf::expected<uint64_t> read_integer(std::string_view text) {
  uint64_t value = 0;
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (err == std::errc::result_out_of_range || value > INT64_MAX)
    return wrong(fmt::format("\"{}\" is too large", text));
  if (err != std::errc{} || end != text.data() + text.size())
    return wrong(fmt::format("\"{}\" is no whole number", text));
  return value;
}

caf::expected<bool> read_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return wrong(fmt::format("\"{}\" is neither true nor false", text));
}

caf::expected<uint64_t> read_size(std::string_view text) {
  return read_with_unit(text, size_units, "512B, 64KiB, 1MiB or 5GiB");
}

std::string show_size(uint64_t size_bytes) {
  return show_with_unit(size_bytes, size_units);
}

caf::expected<uint64_t> read_duration(std::string_view text) {
  return read_with_unit(text, time_units, "500ms, 10s, 5min, 24h or 7d");
}

std::string show_duration(uint64_t time_ms) {
  // 1000 min is better said in hours only if it is whole hours, and 120 s stays 2 min: the largest whole unit.
  return show_with_unit(time_ms, time_units);
}

caf::expected<endpoint> read_endpoint(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong(fmt::format("\"{}\" is not HOST:PORT", text));
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong(fmt::format("\"{}\": an IPv6 address stands in brackets, as in [::1]:8080", text));
  }
  auto port = read_integer(text.substr(colon + 1));
  if (!port || *port > 65'535) return wrong(fmt::format("\"{}\" has no port from 0 to 65535", text));
  endpoint out{std::string(host), static_cast<uint16_t>(*port)};
  if (out.host != "localhost" && !is_address(out.host))
    return wrong(fmt::format("\"{}\" is neither an address nor localhost", host));
  return out;
}

caf::expected<rgb> read_color(std::string_view text) {
  uint32_t value = 0;
  if (text.size() == 7 && text[0] == '#') {
    auto [end, err] = std::from_chars(text.data() + 1, text.data() + 7, value, 16);
    if (err == std::errc{} && end == text.data() + 7)
      return rgb{static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
  }
  return wrong(fmt::format("\"{}\" is no colour", text));
}

std::string show_color(const rgb& x) {
  return fmt::format("#{:02X}{:02X}{:02X}", x.red, x.green, x.blue);
}

std::string check_name(std::string_view text) {
  auto fits = !text.empty() && text.size() <= 32 && lower_alnum(text[0]) &&
              std::all_of(text.begin(), text.end(), [](char c) { return lower_alnum(c) || c == '-' || c == '_'; });
  return fits ? "" : fmt::format("\"{}\" is no name", text);
}

std::string check_appid(std::string_view text) {
  auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  auto fits = text.size() == 18 && text.starts_with("wx") && std::all_of(text.begin() + 2, text.end(), hex);
  // The value is not shown: whoever mixed up the two lines wrote the AppSecret here.
  return fits ? "" : "this does not look like an appid";
}

std::string check_path_text(std::string_view text) {
  if (text.empty()) return "the path is empty";
  if (text.size() > 1'024) return "the path is longer than 1024 bytes";
  return text.find('\0') == std::string_view::npos ? "" : "the path has a NUL byte";
}

std::string check_page(std::string_view text) {
  // WeChat: the page must not start with "/" and carries no query; the id travels in `scene`.
  auto fits =
      !text.empty() && text.size() <= 128 && text[0] != '/' && std::all_of(text.begin(), text.end(), [](char c) {
        return lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == '_' || c == '.';
      });
  return fits ? "" : fmt::format("\"{}\" is no page of a mini-program", text);
}

caf::expected<url_parts> read_url(std::string_view text) {
  auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!parsed) return wrong(fmt::format("\"{}\" is no URL", text));
  auto& url = *parsed;
  url_parts out;
  out.scheme = std::string(url.scheme());
  if (out.scheme != "http" && out.scheme != "https")
    return wrong(fmt::format("\"{}\" starts with neither http:// nor https://", text));
  out.host = std::string(url.host_address());
  if (out.host.empty()) return wrong(fmt::format("\"{}\" names no host", text));
  if (url.has_userinfo() || url.has_query() || url.has_fragment())
    return wrong(fmt::format("\"{}\" has more than scheme, host, port and path", text));
  if (url.has_port() && url.port_number() == 0) return wrong(fmt::format("\"{}\" has no valid port", text));
  out.port = url.has_port() ? url.port_number() : (out.scheme == "http" ? 80 : 443);
  auto path = url.encoded_path();
  out.bare = path.empty();
  return out;
}

std::string check_network(std::string_view text) {
  return http::is_network(text) ? "" : fmt::format("\"{}\" is neither an address nor a network", text);
}

std::string check_public_url(std::string_view text) {
  if (text.empty()) return "";
  auto url = read_url(text);
  if (!url) return url.error().context().get_as<std::string>(0);
  return text.ends_with('/') ? fmt::format("\"{}\" ends with a slash", text) : "";
}

std::string check_host_url(std::string_view text) {
  auto url = read_url(text);
  if (!url) return url.error().context().get_as<std::string>(0);
  if (!url->bare) return fmt::format("\"{}\" has a path", text);
  if (url->scheme == "http" && !is_loopback(url->host))
    return fmt::format("\"{}\" would send the secret and tokens in clear text over a network", text);
  return "";
}

std::string check_link_prefix(std::string_view text) {
  constexpr size_t bytes_max = 200;
  auto odd = [&](std::string_view what) { return fmt::format("\"{}\" {}", text, what); };
  if (text.size() > bytes_max) return fmt::format("a prefix of {} bytes", text.size());
  if (!text.ends_with('/') && !text.ends_with('=')) return odd("ends with neither / nor =");
  // What a browser would write otherwise, or might, would not match what it sends.
  auto plain = [](char c) {
    return lower_alnum(c) || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.~/:?=&[]").find(c) != std::string_view::npos;
  };
  if (!std::all_of(text.begin(), text.end(), plain))
    return odd("has characters that a URL would escape, or a fragment");
  auto question = text.find('?');
  auto url = read_url(text.substr(0, question));
  if (!url) return url.error().context().get_as<std::string>(0);
  if (url->bare) return odd("has no / behind the host");
  if (text.ends_with('=') && question == text.npos) return odd("ends with = and has no query");
  if (text.ends_with('/') && question != text.npos) return odd("has a query that does not end with =");
  if (url->scheme == "http" && !is_loopback(url->host)) return odd("is not https://, which WeChat's rules ask for");
  auto path = text.substr(text.find('/', text.find("://") + 3));
  if (path.starts_with("/v1/")) return odd("begins with /v1/, which is the API's");
  return path.find("/.") == path.npos && path.find("//") == path.npos ? "" : odd("has an empty or a dot segment");
}

} // namespace qrwell::config
