#pragma once

#include "messages/transfer.hpp"
#include "runtime/codes/csv.hpp"
#include "runtime/codes/target_fields.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// The columns of an export, with the line end. Times are RFC 3339 in UTC; `query` and `tags` are JSON; `state` is
/// bound, expired or revoked. Rows of kind `mac_key` stand first: `id` is the character that the ids of a key begin
/// with, `path` the SHA-256 of the key in hexadecimal digits, and all else is empty.
constexpr std::string_view transfer_header =
    "id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind\r\n";

void append_transfer_row(std::string& out, const code_view& code, int64_t now_ms);
void append_transfer_row(std::string& out, const foreign_key& key);

/// What a part of such a file asks to import, and what of it cannot be.
struct transfer_part {
  std::vector<import_row> rows;
  std::vector<foreign_key> keys;
  std::vector<import_fault> faults;
};

constexpr size_t transfer_rows_max = 500; ///< of one part, beside its header

/// Reads the rows behind a header line.
class transfer_rows {
public:
  /// Columns may stand in any order, others are ignored. Error invalid_request for a header that lacks or doubles one.
  static caf::expected<transfer_rows> of(const std::vector<std::string>& header, const target_limits& limits,
                                         int64_t now_ms);

  /// Adds what the record says: a row, a key or a fault. False: it is a fault with line ends where no row has any, so
  /// that stray quotes may have joined several lines: those behind its first are to be read by themselves.
  bool take(transfer_part& out, csv_record record) const;

private:
  transfer_rows() = default;

  std::array<size_t, 11> places_{};
  size_t columns_ = 0;
  target_limits limits_;
  int64_t now_ms_ = 0;
};

/// Reads a part, which begins with a header line. A row that is wrong is a fault and spoils no other. Error
/// invalid_request as transfer_rows::of(), and for too many rows.
caf::expected<transfer_part> read_transfer(std::string_view text, const target_limits& limits, int64_t now_ms);

} // namespace qrwell
