#pragma once

#include <boost/json.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace qrwell::test {

/// A plain HTTP exchange on a connection of its own, for talking to what a test started. Throws when nothing comes in
/// 10 s.
struct plain_answer {
  int status = 0;
  std::string head, body;
};

inline plain_answer plain_http(uint16_t port, const std::string& method, const std::string& target,
                               const std::string& body = {}) {
  struct closing {
    int fd;
    ~closing() {
      if (fd >= 0) ::close(fd);
    }
  } socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  timeval limit{10, 0};
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to 127.0.0.1:" + std::to_string(port));
  auto request =
      method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
      "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  for (size_t sent = 0; sent < request.size();) {
    auto n = ::send(socket.fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("cannot send to 127.0.0.1:" + std::to_string(port));
    sent += static_cast<size_t>(n);
  }
  std::string text;
  char buffer[16'384];
  for (;;) {
    auto n = ::recv(socket.fd, buffer, sizeof buffer, 0);
    if (n < 0) throw std::runtime_error("no answer from 127.0.0.1:" + std::to_string(port) + " to " + target);
    if (n == 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  plain_answer out;
  auto split = text.find("\r\n\r\n");
  if (split == std::string::npos || text.size() < 12) throw std::runtime_error("not HTTP: " + text);
  out.status = std::atoi(text.c_str() + 9);
  out.head = text.substr(0, split);
  out.body = text.substr(split + 4);
  return out;
}

/// The simulator of WeChat as a process of its own, on a port that the kernel chose, gone with the object (and with the
/// test).
///
///   sim_process sim{{"--app", "wx0123456789abcdef:secret"}};
///   sim.post("/sim/faults", R"({...})");      // see tools/wechat-sim/README.md
///   host = sim.url();
class sim_process {
public:
  explicit sim_process(std::vector<std::string> options, std::string program = QRWELL_BIN_DIR "/wechat-sim") {
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<std::string> words{program, "--listen", "127.0.0.1:0"};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no fork");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(126);
      ::dup2(out[1], STDOUT_FILENO);
      ::execv(program.c_str(), argv.data());
      ::_exit(127);
    }
    ::close(out[1]);
    out_ = out[0];
    read_port();
    // What the simulator prints later must not fill the pipe and stop it.
    drain_ = std::thread([fd = out_] {
      char buffer[4'096];
      while (::read(fd, buffer, sizeof buffer) > 0) {
      }
    });
  }

  ~sim_process() { stop(); }
  sim_process(const sim_process&) = delete;
  sim_process& operator=(const sim_process&) = delete;

  uint16_t port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  plain_answer post(const std::string& target, const std::string& json = "{}") const {
    return plain_http(port_, "POST", target, json);
  }
  plain_answer get(const std::string& target) const { return plain_http(port_, "GET", target); }
  boost::json::value get_json(const std::string& target) const { return boost::json::parse(get(target).body); }

  /// Ends the process at once, as a crash would; again is harmless.
  void stop() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
    if (drain_.joinable()) drain_.join();
    if (out_ >= 0) ::close(out_);
    out_ = -1;
  }

private:
  void read_port() {
    std::string text;
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
      pollfd wait{out_, POLLIN, 0};
      char c = 0;
      if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0 || ::read(out_, &c, 1) != 1) {
        stop();
        throw std::runtime_error("wechat-sim did not say where it listens; it said: " + text);
      }
      if (c != '\n') {
        text += c;
        continue;
      }
      if (auto at = text.find("listening on "); at != std::string::npos) {
        port_ = static_cast<uint16_t>(std::atoi(text.c_str() + text.rfind(':') + 1));
        return;
      }
      text += ' ';
    }
  }

  pid_t pid_ = -1;
  int out_ = -1;
  uint16_t port_ = 0;
  std::thread drain_;
};

} // namespace qrwell::test
