#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <sys/types.h>

namespace qrwell::sqlite {

/// Where SQLite keeps the log of a store: beside the file itself, also when `file` is a link to it.
std::string log_of(const std::string& file);

/// The files that a writer works on, as their paths named them when it began: the store and its log. What is written
/// into a file that was deleted or replaced meanwhile is gone with the process (promises P1 and P2), and the disk
/// reports no error of it; only the path tells.
class file_place {
public:
  /// Of a store that is open.
  explicit file_place(std::string file);

  /// No error: both paths still name the same files. Else `unavailable`, for as long as they do not. Two calls of
  /// stat().
  caf::error check();

  /// Of the last check: the log is gone, and the store is where it was, so that what the log holds can be brought into
  /// it.
  bool only_log_is_gone() const noexcept { return only_log_is_gone_; }

private:
  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const identity&, const identity&) = default;
  };
  struct place {
    std::string path;
    std::optional<identity> known;
  };
  static std::optional<identity> look(const std::string& path);
  /// Empty: as it was.
  static std::string difference(const place& p);

  place store_, log_;
  bool only_log_is_gone_ = false;
};

} // namespace qrwell::sqlite
