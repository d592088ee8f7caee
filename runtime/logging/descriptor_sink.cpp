#include "runtime/logging/descriptor_sink.hpp"

#include <poll.h>
#include <unistd.h>

namespace qrwell::log {
namespace {

// A pipe that poll() calls writable takes this much without blocking (POSIX: PIPE_BUF).
constexpr size_t piece_bytes = 4'096;
constexpr int wait_ms = 100;

} // namespace

descriptor_sink::descriptor_sink(int descriptor, std::function<uint64_t()> overruns,
                                 std::function<std::string(uint64_t)> notice)
    : descriptor_(descriptor)
    , overruns_(std::move(overruns))
    , notice_(std::move(notice)) {}

void descriptor_sink::give_up_at(std::chrono::steady_clock::time_point when) noexcept {
  give_up_ns_.store(when.time_since_epoch().count(), std::memory_order_relaxed);
}

bool descriptor_sink::out_of_time() const noexcept {
  auto limit = give_up_ns_.load(std::memory_order_relaxed);
  return limit != INT64_MAX && std::chrono::steady_clock::now().time_since_epoch().count() >= limit;
}

void descriptor_sink::log(const spdlog::details::log_msg& msg) {
  buffer_.assign(msg.payload.data(), msg.payload.size());
  buffer_ += '\n';
  auto done = put(buffer_);
  (done ? written_ : discarded_).fetch_add(1, std::memory_order_relaxed);
  if (done) tell_of_overruns();
}

// Once a second at most: a flood of lines must not become a flood of notices.
void descriptor_sink::tell_of_overruns() {
  auto now = std::chrono::steady_clock::now();
  if (now - told_at_ < std::chrono::seconds(1)) return;
  told_at_ = now;
  auto total = overruns_();
  if (total == told_) return;
  put(notice_(total - told_) + '\n');
  told_ = total;
}

bool descriptor_sink::put(std::string_view text) {
  while (!text.empty()) {
    if (out_of_time()) return false;
    pollfd ready{descriptor_, POLLOUT, 0};
    auto n = ::poll(&ready, 1, wait_ms);
    if (n < 0 && errno != EINTR) return false;
    if (n <= 0) continue;
    auto size = ::write(descriptor_, text.data(), std::min(text.size(), piece_bytes));
    if (size > 0)
      text.remove_prefix(static_cast<size_t>(size));
    else if (size < 0 && errno != EINTR && errno != EAGAIN)
      return false;
  }
  return true;
}

} // namespace qrwell::log
