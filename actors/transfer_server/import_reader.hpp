#pragma once

#include "runtime/codes/transfer_csv.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// Some records of a file that lie behind each other, read. Lines are those of the file.
struct import_slice {
  transfer_part part;
  uint64_t records = 0; ///< good and bad ones
  uint64_t bytes = 0;   ///< of the file, from where the slice before ended
  uint64_t lines = 0;

  /// The record that begins in this line of the file, as it came; empty if none does.
  std::string_view record(uint64_t line) const;

  std::string text;
  struct place {
    uint64_t line;
    size_t at, size;
  };
  std::vector<place> places;
};

/// Takes a CSV file of any size apart, from any record on, with as much of it in memory as it is fed.
class import_reader {
public:
  /// `line`: in which the first byte lies that will be fed.
  import_reader(transfer_rows rows, uint64_t line)
      : rows_(std::move(rows))
      , line_(line) {}

  void feed(std::string_view data) { waiting_.append(data); }
  void end() { ended_ = true; }

  /// At most so many records; none while too little was fed, or at the end. A line that is no record is one with a
  /// fault, and reading goes on in the next: a stray quote costs one row.
  std::optional<import_slice> next(size_t records_max);

  bool ended() const noexcept { return ended_ && at_ == waiting_.size(); }

  /// In the middle of a line that is given up: nobody can go on from here.
  bool within_line() const noexcept { return skipping_; }

private:
  import_slice rest_of_line();
  void forget_what_was_given();

  transfer_rows rows_;
  uint64_t line_;
  std::string waiting_;
  size_t at_ = 0; ///< what of `waiting_` has been given out
  bool ended_ = false, skipping_ = false;
};

/// The first record of a file.
struct import_header {
  std::string text;              ///< with a line end
  uint64_t bytes = 0, lines = 0; ///< of the file: where its rows begin
  transfer_rows rows;
};

/// Error invalid_request when it does not name every column, or goes on behind a text that is not the `whole` file.
caf::expected<import_header> read_import_header(std::string_view text, bool whole, const target_limits& limits,
                                                int64_t now_ms);

/// The columns that a line of bad rows has: those of the file, then line, column, why and text.
std::string bad_rows_header(std::string_view header);

/// A row that could not be taken, as it came, and why. What has not the header's columns is one field, `text`; of a
/// line of more than csv_record_bytes_max, its beginning.
std::string bad_row(std::string_view header, std::string_view record, const import_fault& fault);

} // namespace qrwell
