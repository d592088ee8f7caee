#pragma once

#include "messages/errors.hpp"
#include "messages/secret.hpp"

#include <memory>
#include <string>
#include <vector>

namespace qrwell {

/// The data directory of a node, held under an exclusive lock for as long as this object lives. Only its holder may
/// write leases and grants in the name of the incarnations that are written down in it (docs/quota.md, assumption A3).
///   lock          flock; says who holds it
///   incarnations  one a line, appended and synced before the first lease write of each start
///   admin.token   0600, made at the first start: what the CLI shows to the admin listener
///   jobs          files of imports and exports (actors/transfer_server/job_files.hpp)
///   watermark     the store's uuid and the highest commit number that this directory has seen (watermark.hpp)
class data_dir {
public:
  /// For a node: makes the directory when it is not there. Error locked with a sentence that says who holds it.
  static caf::expected<data_dir> open(const std::string& path, const std::string& node);

  /// For a command while no node runs: the directory must be there, and stays as it is. `who`: shown to those who find
  /// it locked. There are no incarnation and no token then.
  static caf::expected<data_dir> visit(const std::string& path, const std::string& who);

  data_dir(data_dir&&) noexcept;
  data_dir& operator=(data_dir&&) noexcept;
  ~data_dir();

  const std::string& path() const noexcept { return path_; }
  const std::string& incarnation() const noexcept { return incarnation_; }
  const std::vector<std::string>& predecessors() const noexcept { return predecessors_; }
  const secret& admin_token() const noexcept { return admin_token_; }

  /// Writes the incarnation down: once, when the store has been opened and is the right one, so that a start that is
  /// refused leaves no trace.
  caf::error begin() const;

  /// An error when the lock's file is not the one that this object holds any more: another process could take it.
  caf::error check_held() const;

private:
  data_dir() = default;
  caf::error lock(const std::string& who);

  std::string path_, incarnation_;
  std::vector<std::string> predecessors_;
  secret admin_token_;
  int lock_fd_ = -1;
};

/// The files of a data directory that tell that a store was kept there before, as "watermark, mac.keys"; empty: there
/// are none.
std::string signs_of_earlier_life(const std::string& path);

/// The admin token of a data directory that another process may hold; for the CLI.
caf::expected<secret> read_admin_token(const std::string& path);

} // namespace qrwell
