#pragma once

#include "messages/common.hpp"
#include "messages/errors.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace qrwell::sqlite {

/// An SQL text and the name under which errors and tests speak of it. Lives as long as the program: connections cache
/// by its address.
struct sql {
  const char* name;
  const char* text;
};

/// Thrown inside this folder only, and caught where a call of the store ends: the transaction is rolled back and
/// `error` is the answer.
struct refusal {
  caf::error error;
};

class connection;

/// One use of a cached prepared statement: arguments from left to right, then step() or run(). Texts and blobs are not
/// copied: they must outlive the use. Ends with a reset, so that the next use finds it fresh.
class statement {
public:
  statement(connection& owner, sqlite3_stmt* handle, const sql& source) noexcept
      : owner_(&owner)
      , handle_(handle)
      , source_(&source) {}
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  template <std::integral T>
  statement& arg(T value) {
    return arg_integer(static_cast<int64_t>(value));
  }
  statement& arg(double value);
  statement& arg(std::string_view text);
  statement& arg(const std::string& text) { return arg(std::string_view{text}); }
  statement& arg(const char* text) { return arg(std::string_view{text}); }
  statement& arg(const digest& d) { return arg_blob(d.data(), d.size()); }
  statement& arg(const nonce& n) { return arg_blob(n.data(), n.size()); }
  statement& arg_blob(const void* data, size_t size);
  statement& arg_null();
  /// NULL for an empty text, and for the time 0.
  statement& arg_or_null(std::string_view text) { return text.empty() ? arg_null() : arg(text); }
  statement& arg_or_null(int64_t value) { return value == 0 ? arg_null() : arg_integer(value); }

  /// True: a row is there. False: the end. Throws refusal.
  bool step();

  /// To the end, without looking at rows. How many rows it changed.
  int64_t run();

  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::string_view view(int column) const; ///< of a text or blob, until the next step
  digest hash(int column) const;
  nonce mark(int column) const;

  template <class T>
  T as(int column) const {
    return static_cast<T>(integer(column));
  }

private:
  statement& arg_integer(int64_t value);

  connection* owner_;
  sqlite3_stmt* handle_;
  const sql* source_;
  int next_ = 1;
};

enum class access : uint8_t {
  make,   ///< as write, and the file is made when it is not there, readable by its owner only
  write,  ///< the file must be there
  read,   ///< likewise
  alone,  ///< to read the file without its log, which nobody writes meanwhile
  memory, ///< no file: what is compared with one
};

/// Makes an empty file with mode 0600 if none is there: SQLite would let everybody read it. What fails here fails again
/// when the file is opened, with a better sentence.
void make_private_file(const std::string& file);

/// One connection to a store file, used by one thread at a time.
class connection {
public:
  /// Opens the file; to write, sets WAL and synchronous=FULL and reads both back. `busy_for_ms`: how long a lock of
  /// another process is waited for; 0 in a node, which is the only writer.
  static caf::expected<std::unique_ptr<connection>> open(const std::string& file, access how, int busy_for_ms,
                                                         int cache_kib);

  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  statement use(const sql& source); ///< throws refusal
  void execute(const char* name,
               const std::string& text); ///< any number of statements, without results; throws refusal

  int64_t changes() const noexcept;
  const std::string& file() const noexcept { return file_; }

  /// The file that is open is the one that its path names.
  bool is_in_place() const noexcept;

  void begin_write(); ///< throws refusal
  void begin_read();  ///< throws refusal

  /// Synced when it returns. Throws refusal, outcome_unknown when the engine failed where the transaction may have
  /// become durable.
  void commit();

  /// Ends a transaction if one is open; whatever it answers, nothing of it will be there.
  void rollback() noexcept;

  /// Brings what the log holds into the file, synced, as far as no reader is in the way; `and_empty`: and then empties
  /// it. Not within a transaction.
  void checkpoint(bool and_empty) noexcept;

  /// From now on SQLite leaves the log to us. How many pages it had after the last commit: log_pages().
  void keep_log_ourselves() noexcept;
  int log_pages() const noexcept { return log_pages_; }

  /// What an engine's result code means to our callers. `name`: of the statement.
  caf::error failure(int code, const char* name) const;

  /// Name and text of all statements used so far: the test of query plans walks them.
  std::vector<std::pair<std::string, std::string>> prepared() const;

private:
  connection(sqlite3* db, std::string file)
      : db_(db)
      , file_(std::move(file)) {}
  void configure(access how, int busy_for_ms, int cache_kib);

  sqlite3* db_;
  std::string file_;
  int log_pages_ = 0;
  std::unordered_map<const sql*, sqlite3_stmt*> cache_;
};

} // namespace qrwell::sqlite
