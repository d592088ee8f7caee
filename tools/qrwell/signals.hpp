#pragma once

#include <csignal>
#include <optional>

#include <unistd.h>

namespace qrwell::cli {

/// The signals that steer a node, taken one by one instead of interrupting it. Make it before any thread: threads
/// inherit the mask.
class signals {
public:
  signals() {
    sigemptyset(&set_);
    for (auto number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  /// The next signal, or none within `wait_ms`.
  std::optional<int> next(long wait_ms) const {
    timespec wait{wait_ms / 1'000, wait_ms % 1'000 * 1'000'000};
    auto number = sigtimedwait(&set_, nullptr, &wait);
    return number > 0 ? std::optional(number) : std::nullopt;
  }

  /// Ends a wait from another thread.
  static void wake() { ::kill(::getpid(), SIGUSR1); }

private:
  sigset_t set_{};
};

} // namespace qrwell::cli
