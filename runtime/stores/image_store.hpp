#pragma once

#include "messages/errors.hpp"
#include "messages/store.hpp"

namespace qrwell {

/// Where images lie. Blocking. An image is written once under its code's id and never changes.
class image_store {
public:
  virtual ~image_store() = default;

  /// All of them are on disk, and their names are, when this returns without error. An error leaves any subset behind; a repeat is harmless.
  virtual caf::expected<void> put(const images_put& images) = 0;

  /// `found` false only if the store that knows was asked and it is not there.
  virtual caf::expected<image_data> get(const image_get& query) = 0;

  virtual caf::expected<void> drop(const images_drop& images) = 0;
  virtual caf::expected<free_space> space() = 0;
};

} // namespace qrwell
