#include "runtime/stores/sqlite/statement.hpp"

#include <cstring>

#include <sqlite3.h>

namespace qrwell::sqlite {

statement::~statement() {
  sqlite3_reset(handle_);
}

statement& statement::arg_integer(int64_t value) {
  sqlite3_bind_int64(handle_, next_++, value);
  return *this;
}

statement& statement::arg(double value) {
  sqlite3_bind_double(handle_, next_++, value);
  return *this;
}

statement& statement::arg(std::string_view text) {
  // A null pointer would bind NULL where an empty text is meant.
  sqlite3_bind_text64(handle_, next_++, text.data() ? text.data() : "", text.size(), nullptr, SQLITE_UTF8);
  return *this;
}

statement& statement::arg_blob(const void* data, size_t size) {
  sqlite3_bind_blob64(handle_, next_++, size ? data : "", size, nullptr);
  return *this;
}

statement& statement::arg_null() {
  sqlite3_bind_null(handle_, next_++);
  return *this;
}

bool statement::step() {
  auto code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw refusal{owner_->failure(sqlite3_extended_errcode(sqlite3_db_handle(handle_)), source_->name)};
}

int64_t statement::run() {
  while (step()) {
  }
  return owner_->changes();
}

bool statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
int64_t statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}
std::string statement::text(int column) const {
  return std::string{view(column)};
}

std::string_view statement::view(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return data ? std::string_view{data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))} : std::string_view{};
}

digest statement::hash(int column) const {
  digest out{};
  auto raw = view(column);
  if (raw.size() == out.size()) std::memcpy(out.data(), raw.data(), out.size());
  return out;
}

nonce statement::mark(int column) const {
  nonce out{};
  auto raw = view(column);
  if (raw.size() == out.size()) std::memcpy(out.data(), raw.data(), out.size());
  return out;
}

} // namespace qrwell::sqlite
