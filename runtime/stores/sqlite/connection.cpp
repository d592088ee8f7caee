#include "runtime/stores/sqlite/statement.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace qrwell::sqlite {
namespace {

constexpr sql begin_immediate{"begin", "BEGIN IMMEDIATE"};
constexpr sql begin_deferred{"begin_read", "BEGIN"};
constexpr sql end_commit{"commit", "COMMIT"};

struct meaning {
  ec code;
  const char* advice;
};

meaning meaning_of(int code) {
  switch (code & 0xff) {
  case SQLITE_FULL:
    return {ec::disk_full, "nothing was written; make room on that disk"};
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return {ec::store_corrupt, "the file is damaged; stop the node and restore a backup"};
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return {ec::store_busy, "another process holds its lock; nothing was written, try again"};
  case SQLITE_IOERR:
    return {ec::store_failed, "the disk refused; nothing was written, look at the kernel's log"};
  case SQLITE_CANTOPEN:
    return {ec::unavailable, "it cannot be opened; look at its path and permissions"};
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return {ec::store_failed, "it may not be written by this process; nothing was written"};
  default:
    return {ec::store_failed, "nothing was written"};
  }
}

// SQLite takes a file that it is told nobody can change as it lies there.
std::string without_log(const std::string& file) {
  std::string out = "file:";
  for (auto c : file) out += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", c) : std::string(1, c);
  return out + "?immutable=1";
}

} // namespace

caf::error connection::failure(int code, const char* name) const {
  auto means = meaning_of(code);
  return fail(means.code, fmt::format("store {}: {}: {} (SQLite {}): {}", file_, name,
                                      db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code), code, means.advice));
}

void make_private_file(const std::string& file) {
  // Never one that is there: closing it would drop the locks that this process has on it through other connections.
  auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

caf::expected<std::unique_ptr<connection>> connection::open(const std::string& file, access how, int busy_for_ms,
                                                            int cache_kib) {
  if (how == access::make) make_private_file(file);
  sqlite3* db = nullptr;
  auto flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
               (how == access::read || how == access::alone ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  if (how == access::memory) flags |= SQLITE_OPEN_MEMORY | SQLITE_OPEN_CREATE;
  if (how == access::alone) flags |= SQLITE_OPEN_URI;
  auto name = how == access::alone ? without_log(file) : file;
  auto code = sqlite3_open_v2(name.c_str(), &db, flags, nullptr);
  std::unique_ptr<connection> out{new connection{db, file}};
  if (code != SQLITE_OK) return out->failure(code, "open");
  try {
    out->configure(how, busy_for_ms, cache_kib);
  } catch (const refusal& r) {
    return r.error;
  }
  return out;
}

void connection::configure(access how, int busy_for_ms, int cache_kib) {
  sqlite3_busy_timeout(db_, busy_for_ms);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  execute("settings",
          fmt::format("PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-{}", cache_kib));
  if (how != access::make && how != access::write) return;
  // Read back: a file system without shared memory silently stays on a rollback journal, with other rules for who waits
  // for whom.
  static constexpr sql wal{"journal_mode", "PRAGMA journal_mode=WAL"};
  auto mode = use(wal);
  if (!mode.step() || mode.view(0) != "wal")
    throw refusal{fail(ec::store_failed,
                       fmt::format("store {}: its file system does not allow WAL (journal mode is {}); move it to "
                                   "a local disk",
                                   file_, mode.view(0)))};
  execute("settings", "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=67108864");
  static constexpr sql level{"synchronous", "PRAGMA synchronous"};
  auto synchronous = use(level);
  if (!synchronous.step() || synchronous.integer(0) != 2)
    throw refusal{fail(ec::store_failed, fmt::format("store {}: synchronous=FULL was not accepted", file_))};
}

connection::~connection() {
  for (auto& [source, handle] : cache_) sqlite3_finalize(handle);
  sqlite3_close_v2(db_);
}

statement connection::use(const sql& source) {
  auto& handle = cache_[&source];
  if (!handle) {
    auto code = sqlite3_prepare_v3(db_, source.text, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) throw refusal{failure(sqlite3_extended_errcode(db_), source.name)};
  }
  return {*this, handle, source};
}

void connection::execute(const char* name, const std::string& text) {
  if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw refusal{failure(sqlite3_extended_errcode(db_), name)};
}

int64_t connection::changes() const noexcept {
  return sqlite3_changes64(db_);
}

bool connection::is_in_place() const noexcept {
  int moved = 0;
  return sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved == 0;
}

void connection::begin_write() {
  use(begin_immediate).run();
}
void connection::begin_read() {
  use(begin_deferred).run();
}

void connection::commit() {
  try {
    use(end_commit).run();
  } catch (const refusal& r) {
    auto code = sqlite3_extended_errcode(db_);
    rollback();
    // The commit record may lie in the log although its sync failed: only the next writer or a recovery decides.
    if ((code & 0xff) == SQLITE_IOERR)
      throw refusal{
          fail(ec::outcome_unknown, fmt::format("store {}: commit: the disk failed (SQLite {}); it may or may not "
                                                "have happened: ask again, and look at the kernel's log",
                                                file_, code))};
    throw;
  }
}

void connection::rollback() noexcept {
  if (!sqlite3_get_autocommit(db_)) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void connection::checkpoint(bool and_empty) noexcept {
  auto mode = and_empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  sqlite3_wal_checkpoint_v2(db_, nullptr, mode, nullptr, nullptr);
}

void connection::keep_log_ourselves() noexcept {
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<connection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

std::vector<std::pair<std::string, std::string>> connection::prepared() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& [source, handle] : cache_)
    if (handle) out.emplace_back(source->name, source->text);
  return out;
}

} // namespace qrwell::sqlite
