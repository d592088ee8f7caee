#pragma once

#include "runtime/wechat/transport.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>

namespace qrwell::wechat {

/// What holds for every call of an engine.
struct curl_limits {
  uint64_t header_bytes_max = 32'768;
  uint32_t idle_connection_max_s = 20;
  std::string ca_file{}; ///< empty: the system's
};

/// One attempt in the hands of libcurl: its handle, its callbacks, and the truth about how it ended. Not to be moved
/// while libcurl knows it.
class curl_call {
public:
  curl_call(http_call call, std::function<void(http_outcome)> done, const curl_limits& limits);
  ~curl_call();
  curl_call(const curl_call&) = delete;
  curl_call& operator=(const curl_call&) = delete;

  bool ready() const noexcept { return ready_; }
  bool urgent() const noexcept { return call_.urgent; }
  CURL* handle() const noexcept { return easy_; }

  /// What became of it, once; before the handle leaves the multi. `why` replaces libcurl's words if it is not empty.
  http_outcome outcome(CURLcode how, std::string_view why = {});

  void done(http_outcome how) { done_(std::move(how)); }

private:
  static size_t on_upload(char* to, size_t size, size_t count, void* self);
  static size_t on_header(char* text, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static int on_request(void* self, char* peer_ip, char* own_ip, int peer_port, int own_port);

  bool set_up();

  http_call call_;
  std::function<void(http_outcome)> done_;
  curl_limits limits_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  bool ready_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  size_t uploaded_ = 0;
  uint64_t header_bytes_ = 0;
  uint32_t requests_ = 0; ///< how often libcurl was about to write a request
  bool too_large_ = false;
  bytes body_;
};

} // namespace qrwell::wechat
