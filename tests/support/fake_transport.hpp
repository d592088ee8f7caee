#pragma once

#include "runtime/wechat/transport.hpp"

#include <boost/json.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qrwell::test {

/// WeChat as a list: calls wait here until a test says how each ended, oldest first. For the testing scheduler: not
/// thread-safe.
class fake_transport : public wechat::wechat_transport {
public:
  struct started {
    wechat::http_call call;
    std::function<void(http_outcome)> done;
  };

  void start(wechat::http_call call, std::function<void(http_outcome)> done) override {
    ++started_total;
    open.push_back({std::move(call), std::move(done)});
  }

  void end(http_outcome how) {
    auto first = std::move(open.front());
    open.pop_front();
    first.done(std::move(how));
  }

  void answer(std::string_view body, uint32_t status = 200) { end(answered(body, status)); }

  static http_outcome answered(std::string_view body, uint32_t status = 200, uint32_t took_ms = 50) {
    http_outcome how;
    how.status = status;
    how.content_type = "application/json; encoding=utf-8";
    how.body.assign(body.begin(), body.end());
    how.any_byte_written = true;
    how.took_ms = took_ms;
    return how;
  }

  static http_outcome error(int32_t errcode) {
    return answered(R"({"errcode":)" + std::to_string(errcode) + R"(,"errmsg":"text rid: 669e174a-1-2"})");
  }

  static http_outcome token(const std::string& value, int64_t expires_in_s = 7'200) {
    return answered(R"({"access_token":")" + value + R"(","expires_in":)" + std::to_string(expires_in_s) + "}");
  }

  static http_outcome jpeg(uint32_t took_ms = 50) { return answered("\xff\xd8\xff picture", 200, took_ms); }

  static http_outcome refused_connection() {
    http_outcome how;
    how.curl = 7;
    how.detail = "Failed to connect to 127.0.0.1 port 9: Connection refused";
    return how;
  }

  static http_outcome timed_out() {
    http_outcome how;
    how.curl = 28;
    how.any_byte_written = true;
    how.detail = "Operation timed out";
    return how;
  }

  std::string url(size_t i = 0) const { return open.at(i).call.url.reveal(); }
  boost::json::value body(size_t i = 0) const { return boost::json::parse(open.at(i).call.body.reveal()); }

  std::deque<started> open;
  size_t started_total = 0;
};

} // namespace qrwell::test
