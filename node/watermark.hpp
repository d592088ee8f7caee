#pragma once

#include "messages/errors.hpp"
#include "messages/store.hpp"

#include <optional>
#include <string>

namespace qrwell {

/// How far a data directory has seen its store come, in its file `watermark`: by it an older copy of the store, or
/// another one, is noticed before codes are sold twice.
struct watermark {
  std::string store_uuid;
  uint64_t commit_seq = 0;
  uint64_t file_seq = 0; ///< the commit that the store's file had reached without its log

  friend bool operator==(const watermark&, const watermark&) = default;
};

/// None: none was ever written. Error restored_copy when there is one that cannot be read: it protects nothing then.
caf::expected<std::optional<watermark>> read_watermark(const std::string& data_dir);

/// Synced, and never half written.
caf::error write_watermark(const std::string& data_dir, const watermark& mark);

/// How far an open store is; what its file had reached without the log stays as it was written down.
caf::error advance_watermark(const std::string& data_dir, const store_identity& store);

/// The same when `file`, the store, has just been closed, and what it reached without its log: never less than before,
/// since another file may lie in its place by now.
caf::error settle_watermark(const std::string& data_dir, const store_identity& store, const std::string& file);

/// Error restored_copy for a store that is older than `mark`, another one, or marked as a backup. Beside a running
/// node: `mark` must have been read before `store` was.
caf::error check_watermark(const std::string& data_dir, const std::optional<watermark>& mark,
                           const store_identity& store);

/// Error restored_copy when the store's file, without its log, is older than `mark` or another store's: somebody put a
/// copy under the log of its successor. Together they look like the newest store, and are a mixture. Nobody may write
/// the store meanwhile.
caf::error check_file_under_log(const std::string& file, const std::optional<watermark>& mark);

} // namespace qrwell
