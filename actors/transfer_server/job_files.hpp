#pragma once

#include "messages/errors.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// The files of jobs: what came to be imported, the rows that could not be, and what was exported. One folder, for its
/// owner's eyes only; blocking. Errors: disk_full, and store_failed for anything else the system refuses.
class job_files {
public:
  /// `min_free_bytes`: stays free on the disk; past it nothing is written.
  static caf::expected<job_files> open(const std::string& folder, uint64_t min_free_bytes);

  /// Writes behind the first `at` bytes and takes away what lay there. Error store_failed for a file that is shorter.
  caf::error write(const std::string& name, uint64_t at, std::string_view data) const;

  /// What was written is on the disk, and the file is in its folder.
  caf::error sync(const std::string& name) const;

  /// At most so many bytes from `at` on; fewer only at the end.
  caf::expected<std::string> read(const std::string& name, uint64_t at, uint64_t size_max) const;

  bool has(const std::string& name) const;
  caf::error remove(const std::string& name) const; ///< no error for what is not there
  std::vector<std::string> list() const;

private:
  std::string folder_;
  uint64_t min_free_bytes_ = 0;
};

} // namespace qrwell
