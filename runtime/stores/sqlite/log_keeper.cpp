#include "runtime/stores/sqlite/log_keeper.hpp"

#include "runtime/core/thread_priority.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

namespace qrwell::sqlite {

log_turns::who log_turns::committed(int pages) noexcept {
  if (pages < last_) { // it was begun anew
    beside_at_ = beside_from;
    writers_at_ = writers_from;
  }
  last_ = pages;
  if (pages >= writers_at_) {
    writers_at_ = pages + again_after;
    beside_at_ = pages + again_after;
    return who::writer;
  }
  if (pages < beside_at_) return who::nobody;
  beside_at_ = pages + again_after;
  return who::beside;
}

caf::expected<std::unique_ptr<log_keeper>> log_keeper::start(const std::string& file) {
  sqlite3* db = nullptr;
  auto code = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_READWRITE,
                              nullptr);
  std::unique_ptr<log_keeper> out{new log_keeper{db}};
  // A connection knows of a log only once it has read.
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, "PRAGMA wal_autocheckpoint=0; SELECT 1 FROM meta LIMIT 1", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    return fail(ec::unavailable,
                fmt::format("store {}: cannot be opened once more, to bring its log into it (SQLite {}): "
                            "look at the limit of open files (LimitNOFILE)",
                            file, code));
  out->thread_ = std::thread([keeper = out.get()] { keeper->run(); });
  return out;
}

log_keeper::~log_keeper() {
  {
    std::lock_guard guard{mutex_};
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  sqlite3_close_v2(db_);
}

void log_keeper::wake() {
  {
    std::lock_guard guard{mutex_};
    wanted_ = true;
  }
  changed_.notify_one();
}

void log_keeper::run() {
  step_back();
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || stop_; });
    if (stop_) return;
    wanted_ = false;
    lock.unlock();
    // What was committed meanwhile is little and quickly done; only when nothing was is the log begun anew.
    constexpr int rounds_max = 4;
    for (int round = 0, pages = 0, done = -1; round < rounds_max && done != pages; ++round)
      if (sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &done) != SQLITE_OK)
        break; // the writer tries again, and what hinders it hinders commits, too, which say so
    lock.lock();
  }
}

} // namespace qrwell::sqlite
