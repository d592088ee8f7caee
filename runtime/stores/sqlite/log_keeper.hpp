#pragma once

#include "messages/errors.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

struct sqlite3;

namespace qrwell::sqlite {

/// When the log of a store is brought into its file, and by whom. In pages of 4 KiB; the log is begun anew when all of
/// it is in the file and nobody reads it.
class log_turns {
public:
  static constexpr int beside_from =
      300; ///< from here on by the thread beside the writer: little at once, so that syncs are short
  static constexpr int writers_from = 4'000; ///< from here on by the writer, who makes the rest of it short
  static constexpr int again_after = 250;    ///< while readers or a busy writer keep the log from being begun anew

  enum class who : uint8_t { nobody, beside, writer };

  /// After a commit that left so many pages in the log.
  who committed(int pages) noexcept;

private:
  int last_ = 0, beside_at_ = beside_from, writers_at_ = writers_from;
};

/// Brings what a store's log holds into its file beside the writer, on a thread and a connection of its own: done by
/// the writer, as SQLite does it, one commit of a hundred takes 5 to 30 ms, and whoever binds then waits for it.
class log_keeper {
public:
  /// Error unavailable when the file cannot be opened once more.
  static caf::expected<std::unique_ptr<log_keeper>> start(const std::string& file);

  ~log_keeper(); ///< waits for the end of what it is doing
  log_keeper(const log_keeper&) = delete;
  log_keeper& operator=(const log_keeper&) = delete;

  void wake();

private:
  explicit log_keeper(sqlite3* db)
      : db_(db) {}
  void run();

  sqlite3* db_; ///< the thread's own
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false, stop_ = false;
  std::thread thread_;
};

} // namespace qrwell::sqlite
