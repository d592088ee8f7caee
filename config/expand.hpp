#pragma once

#include "messages/secret.hpp"

#include <caf/expected.hpp>

#include <string>

namespace qrwell::config {

/// Puts the environment's values in place of each ${NAME}; $${ stands for a plain ${. Error: a variable that is not
/// set, or a ${ without an end. Never shows a value.
caf::expected<std::string> expand(const std::string& text);

struct secret_from_file {
  secret value;
  std::string warning; ///< empty, or what is unsafe about the file
};

/// Reads a regular file of at most 4 KiB that holds nothing but a secret; a line end at its end does not count.
caf::expected<secret_from_file> read_secret_file(const std::string& path);

} // namespace qrwell::config
