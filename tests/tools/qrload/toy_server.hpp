#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace qrwell::test {

/// A server on a free port of this machine, a thread per connection: answers each request with what `answer` gives for
/// its head and body; an empty answer closes the connection.
class toy_server {
public:
  explicit toy_server(std::function<std::string(const std::string&)> answer)
      : answer_(std::move(answer))
      , listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&at));
    ::bind(listener_, address, size);
    ::listen(listener_, 512);
    ::getsockname(listener_, address, &size);
    port_ = ntohs(at.sin_port);
    accepting_ = std::thread([this] { accept(); });
  }

  ~toy_server() {
    ending_ = true;
    accepting_.join();
    for (auto& t : serving_) t.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  uint64_t requests() const { return requests_; }

private:
  bool readable(int fd) const {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 20) > 0;
  }

  void accept() {
    while (!ending_)
      if (readable(listener_)) serving_.emplace_back([this, fd = ::accept(listener_, nullptr, nullptr)] { serve(fd); });
  }

  void serve(int fd) {
    std::string got;
    while (!ending_) {
      char piece[4'096];
      if (!readable(fd)) continue;
      auto n = ::recv(fd, piece, sizeof(piece), 0);
      if (n <= 0) break;
      got.append(piece, static_cast<size_t>(n));
      auto head = got.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      auto length = got.find("Content-Length: ");
      auto body = length == std::string::npos ? 0 : std::stoul(got.substr(length + 16));
      if (got.size() < head + 4 + body) continue;
      ++requests_;
      auto out = answer_(std::exchange(got, {}));
      if (out.empty() || ::send(fd, out.data(), out.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::close(fd);
  }

  std::function<std::string(const std::string&)> answer_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<uint64_t> requests_{0};
  std::thread accepting_;
  std::vector<std::thread> serving_;
};

} // namespace qrwell::test
