#include "runtime/http/link_prefixes.hpp"

#include <algorithm>

namespace qrwell::http {
namespace {

// In small letters, without a default port: "Q.example.cn:443" is "q.example.cn".
std::string plain_host(std::string_view host) {
  for (auto* port : {":443", ":80"})
    if (host.ends_with(port)) host.remove_suffix(std::string_view(port).size());
  std::string out(host);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::string_view folder_of(std::string_view rest) {
  auto path = path_of(rest);
  return path.substr(0, path.rfind('/') + 1);
}

std::pair<std::string, std::string_view> take_apart(std::string_view prefix) {
  if (auto scheme = prefix.find("://"); scheme != prefix.npos) prefix.remove_prefix(scheme + 3);
  auto slash = std::min(prefix.find('/'), prefix.size());
  return {plain_host(prefix.substr(0, slash)), prefix.substr(slash)};
}

} // namespace

link_prefixes::link_prefixes(const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes) {
    auto [host, rest] = take_apart(prefix);
    all_.push_back({std::move(host), std::string(rest)});
  }
}

std::optional<std::string_view> link_prefixes::id_behind(std::string_view host, std::string_view target) const {
  if (all_.empty()) return std::nullopt;
  auto asked = plain_host(host);
  for (const auto& prefix : all_) {
    if (prefix.host != asked || !target.starts_with(prefix.rest)) continue;
    auto id = target.substr(prefix.rest.size());
    auto in_query = prefix.rest.find('?') != prefix.rest.npos;
    id = id.substr(0, id.find(in_query ? '&' : '?'));
    if (!id.empty() && id.find('/') == id.npos) return id;
  }
  return std::nullopt;
}

std::optional<std::string> link_prefixes::file_behind(std::string_view host, std::string_view target) const {
  if (all_.empty()) return std::nullopt;
  auto path = path_of(target);
  auto slash = path.rfind('/');
  if (slash == path.npos || !is_check_file_name(path.substr(slash + 1))) return std::nullopt;
  auto asked = plain_host(host);
  for (const auto& prefix : all_)
    if (prefix.host == asked && folder_of(prefix.rest) == path.substr(0, slash + 1)) return asked + std::string(path);
  return std::nullopt;
}

bool is_check_file_name(std::string_view name) noexcept {
  constexpr std::string_view end = ".txt";
  if (name.size() <= end.size() || name.size() > 128 || !name.ends_with(end)) return false;
  name.remove_suffix(end.size());
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

std::string check_file_folder(std::string_view prefix) {
  auto [host, rest] = take_apart(prefix);
  return host + std::string(folder_of(rest));
}

} // namespace qrwell::http
