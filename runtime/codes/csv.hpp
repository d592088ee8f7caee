#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

constexpr size_t csv_record_bytes_max = 64 << 10;

/// One record of a CSV text and the line that it begins in, from 1.
struct csv_record {
  uint64_t line = 0;
  std::vector<std::string> fields;
};

/// Where the first record of a text lies.
struct csv_extent {
  size_t begin = 0;       ///< behind the empty lines before it
  size_t end = 0;         ///< behind its line end; as `begin`: the text has no record
  std::string_view wrong; ///< why it is none; then `end` is behind its first line

  /// Behind the line end of the record's first line.
  size_t first_line_end(std::string_view text) const;
};

/// RFC 4180: fields in quotes may hold commas, line ends and doubled quotes; lines may end with LF alone. A quote opens
/// at the start of a field only. Where one stands elsewhere, is not closed, or makes the record longer than
/// csv_record_bytes_max, one line is wrong, and those behind it are read by themselves. None: it goes on behind `text`,
/// which is not the `last` there is.
std::optional<csv_extent> first_csv_record(std::string_view text, bool last);

/// The fields of a record that first_csv_record() found nothing wrong with.
std::vector<std::string> csv_fields(std::string_view record);

/// Reads a text record by record. A byte order mark at the beginning and empty lines are skipped.
class csv_reader {
public:
  explicit csv_reader(std::string_view text);

  /// None at the end. Error invalid_request for a line that is no record; the reader goes on behind it.
  caf::expected<std::optional<csv_record>> next();

  /// Takes all but the first line of the record that next() gave back, to read them by themselves.
  void back_to_second_line();

  /// Of the record that next() gave last, or refused.
  uint64_t line() const noexcept { return record_line_; }

private:
  std::string_view text_;
  size_t at_ = 0, record_at_ = 0;
  uint64_t line_ = 1, record_line_ = 0;
};

/// Appends a field, in quotes where it needs them.
void append_csv_field(std::string& out, std::string_view field);

} // namespace qrwell
