#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace qrwell::test {

/// A TCP server on 127.0.0.1 that does to each connection what a test says: for servers that misbehave.
class raw_server {
public:
  class connection {
  public:
    connection(raw_server& owner, int fd)
        : owner_(owner)
        , fd_(fd) {}

    /// Head and body of the next request; none when the other side closed. Counted by the server.
    std::optional<std::string> read_request() {
      std::string text;
      size_t want = std::string::npos;
      for (;;) {
        if (auto split = text.find("\r\n\r\n"); want == std::string::npos && split != std::string::npos) {
          auto field = text.find("Content-Length: ");
          want = split + 4 + (field < split ? static_cast<size_t>(std::atoi(text.c_str() + field + 16)) : 0);
          ++owner_.heads;
        }
        if (want != std::string::npos && text.size() >= want) {
          ++owner_.requests;
          return text;
        }
        if (!read_some(text)) return std::nullopt;
      }
    }

    /// Only the head, or what of it came.
    std::string read_head() {
      std::string text;
      char c = 0;
      while (text.find("\r\n\r\n") == std::string::npos && ::recv(fd_, &c, 1, 0) == 1) text += c;
      if (!text.empty()) ++owner_.heads;
      return text;
    }

    bool write(std::string_view text) {
      while (!text.empty()) {
        auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        text.remove_prefix(static_cast<size_t>(n));
      }
      return true;
    }

    bool answer(std::string_view body, const std::string& status = "200 OK", const std::string& type = "image/jpeg") {
      return write("HTTP/1.1 " + status + "\r\nContent-Type: " + type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    }

    /// Keeps the connection open and silent until the server ends or the other side closes.
    void hold() {
      std::string ignored;
      while (read_some(ignored)) ignored.clear();
    }

    int descriptor() const noexcept { return fd_; }

    /// Ends it with a reset instead of a proper close.
    void reset() {
      linger at_once{1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

  private:
    bool read_some(std::string& text) {
      char buffer[16'384];
      auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n > 0) text.append(buffer, static_cast<size_t>(n));
      return n > 0;
    }

    raw_server& owner_;
    int fd_;
  };

  /// `serve` runs on a thread per connection, which is closed when it returns. `count` starts at 1.
  explicit raw_server(std::function<void(connection&, int count)> serve)
      : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 128) != 0 || ::getsockname(listener_, any, &size) != 0)
      throw std::runtime_error("raw_server: cannot listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~raw_server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      std::lock_guard lock(mutex_);
      for (auto fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : serving_) thread.join();
    ::close(listener_);
  }
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  uint16_t port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::atomic<int> connections{0}, heads{0}, requests{0};

private:
  void accept_all() {
    for (;;) {
      auto fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      auto count = ++connections;
      std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      open_.push_back(fd);
      serving_.emplace_back([this, fd, count] {
        connection c(*this, fd);
        serve_(c, count);
        std::lock_guard closing(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  std::function<void(connection&, int)> serve_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> open_;
  std::thread acceptor_;
  std::vector<std::thread> serving_;
};

} // namespace qrwell::test
