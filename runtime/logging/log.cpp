#include "runtime/logging/log.hpp"

#include "runtime/logging/descriptor_sink.hpp"

#include <cstdlib>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <unistd.h>

namespace qrwell::log {
namespace {

int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// All of a running log. The last who holds it ends its thread, within the time that stop() set.
struct engine {
  explicit engine(const log_config& config)
      : how(config.how)
      , pool(std::make_shared<spdlog::details::thread_pool>(config.queue_lines, 1))
      , sink(std::make_shared<descriptor_sink>(
            config.descriptor, [raw = pool.get()] { return raw->overrun_counter(); },
            [format = how](uint64_t count) {
              std::array<field, 1> fields{field{"lines", count}};
              return render({unix_ms_now(), level::warn, "log lines dropped, the queue was full", {}, fields}, format);
            }))
      , logger(std::make_shared<spdlog::async_logger>("qrwell", sink, pool,
                                                      spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);
  }

  ~engine() {
    auto last_sink = sink;
    auto last_pool = std::move(pool);
    logger.reset();
    auto overruns = last_pool->overrun_counter();
    last_pool.reset(); // joins
    gone_dropped() += overruns + last_sink->discarded();
    gone_written() += last_sink->written();
  }

  // What engines of the past counted.
  static std::atomic<uint64_t>& gone_dropped() {
    static std::atomic<uint64_t> total{0};
    return total;
  }
  static std::atomic<uint64_t>& gone_written() {
    static std::atomic<uint64_t> total{0};
    return total;
  }

  format how;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<descriptor_sink> sink;
  std::shared_ptr<spdlog::async_logger> logger;
};

// Never destroyed before the last line: a function's static would race with threads at exit.
std::atomic<std::shared_ptr<engine>>& running() {
  static auto* it = new std::atomic<std::shared_ptr<engine>>();
  return *it;
}

} // namespace

namespace detail {

std::atomic<level> threshold{level::off};

void write(level severity, std::string_view message, std::span<const field> origin, std::span<const field> fields) {
  auto now = running().load();
  if (!now) return;
  auto text = render({unix_ms_now(), severity, message, origin, fields}, now->how);
  now->logger->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

} // namespace detail

caf::error validate(const log_config& config) {
  if (config.queue_lines < 1 || config.queue_lines > 10'000'000)
    return fail(ec::invalid_config, "log: queue_lines must be from 1 to 10000000");
  if (config.descriptor < 0) return fail(ec::invalid_config, "log: no descriptor to write to");
  return caf::none;
}

caf::error start(const log_config& config) {
  if (auto err = validate(config)) return err;
  if (running().load()) return fail(ec::invalid_config, "log: it runs already");
  try {
    running().store(std::make_shared<engine>(config));
  } catch (const std::exception& e) {
    return fail(ec::unavailable, fmt::format("log: cannot start its thread: {}", e.what()));
  }
  set_level(config.least);
  return caf::none;
}

void stop(uint32_t flush_for_ms) {
  detail::threshold.store(level::off, std::memory_order_relaxed);
  auto last = running().exchange(nullptr);
  if (last) last->sink->give_up_at(std::chrono::steady_clock::now() + std::chrono::milliseconds(flush_for_ms));
}

void set_level(level least) noexcept {
  if (running().load()) detail::threshold.store(least, std::memory_order_relaxed);
}

level current_level() noexcept {
  return detail::threshold.load(std::memory_order_relaxed);
}

uint64_t dropped_total() noexcept {
  auto now = running().load();
  return engine::gone_dropped() + (now ? now->pool->overrun_counter() + now->sink->discarded() : 0);
}

uint64_t written_total() noexcept {
  auto now = running().load();
  return engine::gone_written() + (now ? now->sink->written() : 0);
}

format choose_format(std::string_view word, int descriptor) {
  auto terminal = ::isatty(descriptor) == 1;
  if (word == "json" || (word == "auto" && !terminal)) return format::json;
  return terminal && std::getenv("NO_COLOR") == nullptr ? format::colored_text : format::text;
}

} // namespace qrwell::log
