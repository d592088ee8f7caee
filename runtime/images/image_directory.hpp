#pragma once

#include "runtime/stores/image_store.hpp"

#include <memory>
#include <string>

namespace qrwell {

/// Images as files `<root>/<2>/<2>/<id>.<jpeg|png>`, sharded by the leading characters of the id's time: a folder holds
/// the codes of about four minutes, so that a batch touches one or two folders and each is synced once. A file is
/// written under `<root>/tmp`, synced, then renamed.
class image_directory : public image_store {
public:
  /// Makes the root when it is not there, and removes what an interrupted batch left in `tmp`. Error invalid_config.
  static caf::expected<std::unique_ptr<image_directory>> open(const std::string& root);

  caf::expected<void> put(const images_put& images) override;
  caf::expected<image_data> get(const image_get& query) override;
  caf::expected<void> drop(const images_drop& images) override;
  caf::expected<free_space> space() override;

private:
  explicit image_directory(std::string root)
      : root_(std::move(root)) {}

  std::string root_;
};

} // namespace qrwell
