#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <spdlog/sinks/sink.h>

namespace qrwell::log {

/// Writes finished lines to a descriptor, from the log's own thread only. Waits for a slow reader, but not once
/// `give_up_at` was called and has passed: then lines are counted instead.
class descriptor_sink final : public spdlog::sinks::sink {
public:
  /// `overruns` says how many lines the queue has lost so far; `notice` makes the line that tells of it.
  descriptor_sink(int descriptor, std::function<uint64_t()> overruns, std::function<std::string(uint64_t)> notice);

  void log(const spdlog::details::log_msg& msg) override;
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  void give_up_at(std::chrono::steady_clock::time_point when) noexcept;

  uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  uint64_t discarded() const noexcept { return discarded_.load(std::memory_order_relaxed); }

private:
  bool put(std::string_view text);
  bool out_of_time() const noexcept;
  void tell_of_overruns();

  int descriptor_;
  std::function<uint64_t()> overruns_;
  std::function<std::string(uint64_t)> notice_;
  uint64_t told_ = 0;
  std::chrono::steady_clock::time_point told_at_{};
  std::string buffer_;
  std::atomic<int64_t> give_up_ns_{INT64_MAX};
  std::atomic<uint64_t> written_{0}, discarded_{0};
};

} // namespace qrwell::log
