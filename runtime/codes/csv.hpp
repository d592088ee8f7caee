#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// One record of a CSV text and the line that it begins in, from 1.
struct csv_record {
  uint64_t line = 0;
  std::vector<std::string> fields;
};

/// Reads RFC 4180: fields in quotes may hold commas, line ends and doubled quotes; lines may end with LF alone. A byte
/// order mark at the beginning and empty lines are skipped.
class csv_reader {
public:
  explicit csv_reader(std::string_view text);

  /// None at the end. Error invalid_request names the line of a quote that is not closed or stands where none may; the
  /// reader goes on behind that line.
  caf::expected<std::optional<csv_record>> next();

  /// Of the record that next() gave last, or refused.
  uint64_t line() const noexcept { return record_line_; }

private:
  caf::error field(std::string& out);
  void skip_line();

  std::string_view text_;
  size_t at_ = 0;
  uint64_t line_ = 1, record_line_ = 0;
};

/// Where the first record of a text ends, behind its line end, for files that are read piece by piece; empty lines
/// before it belong to it. None: it goes on behind `text`, or, if that is the `last` there is, one of its quotes is not
/// closed.
std::optional<size_t> csv_record_end(std::string_view text, bool last);

/// Appends a field, in quotes where it needs them.
void append_csv_field(std::string& out, std::string_view field);

} // namespace qrwell
