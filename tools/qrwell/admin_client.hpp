#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "messages/secret.hpp"
#include "tools/qrwell/http_call.hpp"

#include <boost/json/value.hpp>

#include <CLI/App.hpp>

#include <memory>
#include <optional>
#include <string>

namespace qrwell::cli {

/// Where the node is that a command talks to, as the command line says it.
struct node_options {
  std::string config = "qrwell.yaml"; ///< -c
  std::string admin;                  ///< --admin URL; empty: from the configuration
  std::string
      key_file; ///< --key-file; with --admin: a file with an admin key. Else the admin token of the data directory
  bool json = false;
};

/// Adds -c, --admin, --key-file and --json to a command.
std::shared_ptr<node_options> add_node_options(CLI::App& command);

/// The admin listener of a node.
class admin_client {
public:
  /// Error invalid_config when neither -c nor --admin lead to one.
  static caf::expected<admin_client> find(const node_options& options);

  /// One call. Error unavailable: nobody listens there; otherwise what the node's problem says.
  caf::expected<boost::json::value> call(std::string_view method, const std::string& path, const std::string& body = {},
                                         long timeout_s = 30) const;

  /// The same with a body of another type, answered as it came when its status is 2xx.
  caf::expected<http_got> send(std::string_view method, const std::string& path, const std::string& content_type,
                               const std::string& body = {}, long timeout_s = 30) const;

  /// Of the file that -c named; absent with --admin.
  const std::optional<settings>& configuration() const noexcept { return settings_; }

private:
  std::string url_;
  secret bearer_;
  std::optional<settings> settings_;
};

} // namespace qrwell::cli
