#pragma once

#include <boost/test/unit_test.hpp>

#include <string>

#include <sqlite3.h>

namespace qrwell::test {

/// A plain connection beside the store's, for what no store does.
class raw_sqlite {
public:
  explicit raw_sqlite(const std::string& file) { BOOST_REQUIRE(sqlite3_open(file.c_str(), &db_) == SQLITE_OK); }
  ~raw_sqlite() { sqlite3_close(db_); }
  raw_sqlite(const raw_sqlite&) = delete;
  raw_sqlite& operator=(const raw_sqlite&) = delete;

  void run(const std::string& text) {
    char* message = nullptr;
    auto code = sqlite3_exec(db_, text.c_str(), nullptr, nullptr, &message);
    BOOST_REQUIRE_MESSAGE(code == SQLITE_OK, text << ": " << (message ? message : ""));
  }

  /// The first column of all rows, a line each.
  std::string ask(const std::string& text, int column = 0) {
    sqlite3_stmt* q = nullptr;
    BOOST_REQUIRE_MESSAGE(sqlite3_prepare_v2(db_, text.c_str(), -1, &q, nullptr) == SQLITE_OK,
                          text << ": " << sqlite3_errmsg(db_));
    std::string out;
    while (sqlite3_step(q) == SQLITE_ROW) {
      const auto* value = sqlite3_column_blob(q, column);
      if (!out.empty()) out += '\n';
      if (value) out.append(static_cast<const char*>(value), static_cast<size_t>(sqlite3_column_bytes(q, column)));
    }
    sqlite3_finalize(q);
    return out;
  }

private:
  sqlite3* db_ = nullptr;
};

} // namespace qrwell::test
