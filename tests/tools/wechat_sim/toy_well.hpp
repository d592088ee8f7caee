#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace qrwell::sim::testing {

/// A server that gives canned answers by the beginning of the target, one connection a request.
class toy_well {
public:
  struct canned {
    std::string target;
    unsigned status;
    std::string body;
    int64_t delay_ms;
  };

  toy_well()
      : acceptor_(io_, {boost::asio::ip::make_address("127.0.0.1"), 0})
      , port_(acceptor_.local_endpoint().port())
      , thread_([this] { run(); }) {}
  toy_well(const toy_well&) = delete;
  toy_well& operator=(const toy_well&) = delete;
  ~toy_well() { stop(); }

  uint16_t port() const { return port_; }
  std::vector<std::string> asked() const {
    std::lock_guard lock{mutex_};
    return asked_;
  }
  /// Nobody listens any more.
  void stop() {
    if (!thread_.joinable()) return;
    ended_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket wake{io_};
    wake.connect({boost::asio::ip::make_address("127.0.0.1"), port_}, ignored);
    thread_.join();
    acceptor_.close(ignored);
    for (auto& worker : workers_) worker.join();
    workers_.clear();
  }

  /// To be set before anything is asked.
  std::vector<canned> answers;

private:
  using socket = boost::asio::ip::tcp::socket;

  void run() {
    while (true) {
      boost::system::error_code failed;
      socket peer{io_};
      acceptor_.accept(peer, failed);
      if (failed || ended_) return;
      workers_.emplace_back([this, held = std::move(peer)]() mutable { serve(held); });
    }
  }

  void serve(socket& peer) {
    boost::system::error_code ignored;
    std::string request;
    boost::asio::read_until(peer, boost::asio::dynamic_buffer(request), "\r\n\r\n", ignored);
    auto begin = request.find(' ') + 1;
    auto target = request.substr(begin, request.find(' ', begin) - begin);
    {
      std::lock_guard lock{mutex_};
      asked_.push_back(target);
    }
    for (const auto& answer : answers) {
      if (!target.starts_with(answer.target)) continue;
      std::this_thread::sleep_for(std::chrono::milliseconds{answer.delay_ms});
      auto text = "HTTP/1.1 " + std::to_string(answer.status) +
                  " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(answer.body.size()) +
                  "\r\nConnection: close\r\n\r\n" + answer.body;
      boost::asio::write(peer, boost::asio::buffer(text), ignored);
      return;
    }
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint16_t port_;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::thread> workers_;
  std::thread thread_;
};

} // namespace qrwell::sim::testing
