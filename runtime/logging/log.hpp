#pragma once

#include "messages/errors.hpp"
#include "runtime/logging/line.hpp"

#include <atomic>
#include <initializer_list>

/// The log of this process. A call renders its line and puts it into a bounded queue; a thread of its own writes. The
/// caller never waits for the disk or for whoever reads standard output: when the queue is full its oldest line goes,
/// and is counted. Before start() and after stop() nothing is written. The process must ignore SIGPIPE.
///
///   log::info("bound", {{"request_id", id}, {"pool", pool}, {"took_ms", took_ms}});
namespace qrwell::log {

struct log_config {
  level least = level::info;
  format how = format::json;
  size_t queue_lines = 8'192;
  int descriptor = 1; ///< where lines go; stays open
};

caf::error validate(const log_config& config);

/// Error invalid_config, also when the log runs already; unavailable when no thread could be made.
caf::error start(const log_config& config);

/// Writes what waits, for at most `flush_for_ms`; what is left then is dropped and counted.
void stop(uint32_t flush_for_ms = 2'000);

/// At once, from any thread.
void set_level(level least) noexcept;
level current_level() noexcept;

/// Lines that were never written, since the process began: the queue was full, the reader away, or time was up at the
/// end.
uint64_t dropped_total() noexcept;
/// Lines that were written.
uint64_t written_total() noexcept;

/// The format that "auto", "json" or "text" means for a descriptor: text on a terminal (with colours unless NO_COLOR is
/// set), else JSON.
format choose_format(std::string_view word, int descriptor);

namespace detail {
extern std::atomic<level> threshold; ///< off while nothing runs
void write(level severity, std::string_view message, std::span<const field> origin, std::span<const field> fields);
} // namespace detail

using fields = std::initializer_list<field>;

inline bool enabled(level severity) noexcept {
  return severity >= detail::threshold.load(std::memory_order_relaxed);
}

inline void write(level severity, std::string_view message, fields xs = {}) {
  if (enabled(severity)) detail::write(severity, message, {}, {xs.begin(), xs.size()});
}

inline void trace(std::string_view message, fields xs = {}) {
  write(level::trace, message, xs);
}
inline void debug(std::string_view message, fields xs = {}) {
  write(level::debug, message, xs);
}
inline void info(std::string_view message, fields xs = {}) {
  write(level::info, message, xs);
}
inline void warn(std::string_view message, fields xs = {}) {
  write(level::warn, message, xs);
}
inline void error(std::string_view message, fields xs = {}) {
  write(level::error, message, xs);
}

/// An actor's voice: says with each line which actor speaks, and for which pool if there is one.
class voice {
public:
  explicit voice(std::string actor, std::string pool = {})
      : actor_(std::move(actor))
      , pool_(std::move(pool)) {}

  void write(level severity, std::string_view message, fields xs = {}) const {
    write(severity, message, std::span<const field>(xs.begin(), xs.size()));
  }
  void write(level severity, std::string_view message, std::span<const field> xs) const {
    if (!enabled(severity)) return;
    std::array<field, 2> origin{field{"actor", actor_}, field{"pool", pool_}};
    detail::write(severity, message, std::span(origin).first(pool_.empty() ? 1 : 2), xs);
  }
  void debug(std::string_view message, fields xs = {}) const { write(level::debug, message, xs); }
  void info(std::string_view message, fields xs = {}) const { write(level::info, message, xs); }
  void warn(std::string_view message, fields xs = {}) const { write(level::warn, message, xs); }
  void error(std::string_view message, fields xs = {}) const { write(level::error, message, xs); }

private:
  std::string actor_, pool_;
};

} // namespace qrwell::log
