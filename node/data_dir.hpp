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
///   watermark     the store's uuid and the highest commit number that this directory has seen
class data_dir {
public:
  /// Makes the directory when it is not there. Error locked with a sentence that says who holds it.
  static caf::expected<data_dir> open(const std::string& path, const std::string& node);

  data_dir(data_dir&&) noexcept;
  data_dir& operator=(data_dir&&) noexcept;
  ~data_dir();

  const std::string& incarnation() const noexcept { return incarnation_; }
  const std::vector<std::string>& predecessors() const noexcept { return predecessors_; }
  const secret& admin_token() const noexcept { return admin_token_; }

  /// Refuses a store that is older than what this directory has seen, or another one: error restored_copy.
  caf::error check_watermark(const std::string& store_uuid, uint64_t commit_seq) const;
  caf::error write_watermark(const std::string& store_uuid, uint64_t commit_seq) const;

private:
  data_dir() = default;

  std::string path_, incarnation_;
  std::vector<std::string> predecessors_;
  secret admin_token_;
  int lock_fd_ = -1;
};

/// The admin token of a data directory that another process may hold; for the CLI.
caf::expected<secret> read_admin_token(const std::string& path);

} // namespace qrwell
