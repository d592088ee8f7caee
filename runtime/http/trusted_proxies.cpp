#include "runtime/http/trusted_proxies.hpp"

#include "runtime/http/words.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace qrwell::http {
namespace {

constexpr size_t address_chars_max = 45;

bool is_number(std::string_view s) noexcept {
  return !s.empty() && s.size() <= 5 && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Without brackets and port: "[2001:db8::1]:4711", "192.0.2.7:80". Empty if it is neither.
std::string_view bare(std::string_view node) noexcept {
  if (node.starts_with('[')) {
    auto end = node.find(']');
    if (end == node.npos) return {};
    auto rest = node.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || !is_number(rest.substr(1)))) return {};
    return node.substr(1, end - 1);
  }
  auto colon = node.find(':');
  if (colon == node.npos || node.find(':', colon + 1) != node.npos) return node;
  return is_number(node.substr(colon + 1)) ? node.substr(0, colon) : std::string_view{};
}

// The node of `for` in one element of Forwarded (RFC 7239): for=192.0.2.60;proto=http;by=203.0.113.43.
std::string_view for_of(std::string_view element) noexcept {
  std::string_view out;
  while (!element.empty()) {
    auto semicolon = std::min(element.find(';'), element.size());
    auto pair = trim(element.substr(0, semicolon));
    element.remove_prefix(std::min(semicolon + 1, element.size()));
    auto equals = pair.find('=');
    if (equals == pair.npos || !same_word(pair.substr(0, equals), "for")) continue;
    if (!out.empty()) return {}; // RFC 7239: each parameter once
    out = pair.substr(equals + 1);
    if (out.size() >= 2 && out.front() == '"' && out.back() == '"') out = out.substr(1, out.size() - 2);
  }
  return out;
}

} // namespace

std::optional<trusted_proxies::address> trusted_proxies::read(std::string_view text) noexcept {
  if (text.empty() || text.size() > address_chars_max) return std::nullopt;
  char copy[address_chars_max + 1]{};
  std::memcpy(copy, text.data(), text.size());
  if (std::strlen(copy) != text.size()) return std::nullopt;
  address out{};
  if (text.find(':') != text.npos) {
    if (::inet_pton(AF_INET6, copy, out.data()) != 1) return std::nullopt;
    return out;
  }
  out[10] = out[11] = 0xff;
  if (::inet_pton(AF_INET, copy, out.data() + 12) != 1) return std::nullopt;
  return out;
}

std::optional<trusted_proxies::network> trusted_proxies::read_network(std::string_view text) noexcept {
  auto slash = text.find('/');
  auto first = read(text.substr(0, slash));
  if (!first) return std::nullopt;
  bool v6 = text.find(':') != text.npos;
  unsigned most = v6 ? 128 : 32, bits = most;
  if (slash != text.npos) {
    auto digits = text.substr(slash + 1);
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (!is_number(digits) || failure != std::errc() || end != digits.data() + digits.size() || bits > most)
      return std::nullopt;
  }
  return network{*first, v6 ? bits : 96 + bits};
}

caf::expected<trusted_proxies> trusted_proxies::of(const std::vector<std::string>& networks, forwarded_field field) {
  trusted_proxies out;
  out.field_ = field;
  for (const auto& text : networks) {
    auto one = read_network(text);
    if (!one)
      return fail(ec::invalid_config, "http.trusted_proxies: \"" + text +
                                          "\" is neither an address nor a network: write 10.0.0.0/8 or ::1.");
    out.networks_.push_back(*one);
  }
  return out;
}

bool trusted_proxies::holds(const address& one) const noexcept {
  return std::any_of(networks_.begin(), networks_.end(), [&](const network& n) {
    auto whole = n.bits / 8, rest = n.bits % 8;
    if (!std::equal(one.begin(), one.begin() + whole, n.first.begin())) return false;
    return rest == 0 || (one[whole] ^ n.first[whole]) >> (8 - rest) == 0;
  });
}

bool trusted_proxies::holds(std::string_view text) const noexcept {
  auto one = read(text);
  return one && holds(*one);
}

trusted_proxies::verdict trusted_proxies::client_of(std::string_view peer, std::string_view value) const {
  verdict out{std::string(peer)};
  while (!value.empty()) {
    // A quoted string of Forwarded may hold a comma only where no address does: then its half is malformed.
    auto comma = value.rfind(',');
    auto element = trim(comma == value.npos ? value : value.substr(comma + 1));
    value = comma == value.npos ? std::string_view{} : value.substr(0, comma);
    if (element.empty()) continue; // RFC 9110, 5.6.1: empty elements of a list mean nothing
    auto node = bare(field_ == forwarded_field::forwarded ? for_of(element) : element);
    auto one = read(node);
    if (!one) {
      out.malformed = true;
      break;
    }
    out.client = node;
    if (!holds(*one)) break;
  }
  return out;
}

bool is_network(std::string_view text) noexcept {
  return trusted_proxies::read_network(text).has_value();
}

} // namespace qrwell::http
