#include "actors/http_frontend/http_listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace qrwell {

struct http_listener::owner {
  int fd = -1;
  ~owner() {
    if (fd >= 0) ::close(fd);
  }
};

caf::expected<http_listener> http_listener::bind(const std::string& host_port) {
  auto wrong = [&](const std::string& why) {
    return fail(ec::invalid_config, "Cannot listen on \"" + host_port + "\": " + why);
  };
  auto colon = host_port.rfind(':');
  if (colon == std::string::npos) return wrong("write HOST:PORT.");
  auto host = host_port.substr(0, colon);
  uint16_t port = 0;
  auto begin = host_port.data() + colon + 1, end = host_port.data() + host_port.size();
  if (auto [stop, failure] = std::from_chars(begin, end, port); failure != std::errc() || stop != end || begin == end)
    return wrong("the port must be 0 to 65535.");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return wrong("write an IPv6 address in brackets.");
  if (host.empty()) host = "0.0.0.0";

  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    return wrong(std::string(::gai_strerror(code)) + ".");
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  sockaddr_storage address{};
  socklen_t length = found->ai_addrlen;
  std::memcpy(&address, found->ai_addr, length);
  bool v6 = found->ai_family == AF_INET6;
  if (v6)
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
  else
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);

  auto held = std::make_shared<owner>();
  held->fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  // A restart must not wait for the old connections' TIME_WAIT.
  if (held->fd < 0 || ::setsockopt(held->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (v6 && ::setsockopt(held->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
      ::bind(held->fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(held->fd, SOMAXCONN) != 0 ||
      ::getsockname(held->fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return wrong(std::string(std::strerror(errno)) + ".");
  http_listener out;
  out.owner_ = std::move(held);
  out.port_ =
      ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port : reinterpret_cast<sockaddr_in&>(address).sin_port);
  out.address_ = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(out.port_);
  return out;
}

int http_listener::release() noexcept {
  return owner_ ? std::exchange(owner_->fd, -1) : -1;
}

} // namespace qrwell
