#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace qrwell::test {

/// A blocking loopback client that does what it is told, byte by byte. All waits end.
class client {
public:
  explicit client(uint16_t port, bool v6 = false, int receive_buffer = 0) {
    fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in a4{};
    a4.sin_family = AF_INET;
    a4.sin_port = htons(port);
    a4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 a6{};
    a6.sin6_family = AF_INET6;
    a6.sin6_port = htons(port);
    a6.sin6_addr = in6addr_loopback;
    auto* address = v6 ? reinterpret_cast<sockaddr*>(&a6) : reinterpret_cast<sockaddr*>(&a4);
    connected_ = ::connect(fd_, address, v6 ? sizeof a6 : sizeof a4) == 0;
  }
  ~client() { close(); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  bool connected() const { return connected_; }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void end_of_data() { ::shutdown(fd_, SHUT_WR); }

  /// False when the other side closed, or takes nothing for 10 s.
  bool say(std::string_view text) {
    while (!text.empty()) {
      if (!ready(POLLOUT, 10'000)) return false;
      auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN) return false;
      if (n > 0) text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  /// Sends what goes without waiting; how many bytes.
  size_t say_some(std::string_view text) {
    auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? 0 : static_cast<size_t>(n);
  }

  /// One answer: its header and the body that Content-Length tells (none if it says none, or after HEAD). "" at the end
  /// or after 10 s.
  std::string hear(bool head = false) {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return {};
    auto size = end + 4;
    if (auto at = buffer_.find("Content-Length: "); at < end && !head) size += std::stoul(buffer_.substr(at + 16));
    while (buffer_.size() < size)
      if (!more()) return {};
    auto out = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }

  /// Nothing more comes: the other side closed, within `ms`, and what it sent before was heard.
  bool at_end(int ms = 10'000) {
    while (buffer_.empty()) {
      if (!ready(POLLIN, ms)) return false;
      if (!more()) return true;
    }
    return false;
  }

  bool silent(int ms) { return buffer_.empty() && !ready(POLLIN, ms); }

private:
  bool ready(short what, int ms) {
    pollfd p{fd_, what, 0};
    return ::poll(&p, 1, ms) > 0;
  }

  bool more() {
    if (!ready(POLLIN, 10'000)) return false;
    char part[65'536];
    auto n = ::recv(fd_, part, sizeof part, 0);
    if (n > 0) buffer_.append(part, static_cast<size_t>(n));
    return n > 0;
  }

  int fd_ = -1;
  bool connected_ = false;
  std::string buffer_;
};

inline std::string body_of(const std::string& answer) {
  auto at = answer.find("\r\n\r\n");
  return at == std::string::npos ? std::string() : answer.substr(at + 4);
}

} // namespace qrwell::test
