#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace qrwell {

/// One running node: its stores, its actors, its listeners. Holds the data directory's lock while it exists.
class node {
public:
  /// Everything is ready when this returns: the store is open and prepared, all actors run, both listeners accept.
  /// `on_fatal` is called, from any thread and perhaps more than once, when the node cannot go on (a damaged store, a
  /// dead store thread): the process is to end with an error, so that its service manager starts it again. Errors:
  /// invalid_config, locked, restored_copy, and those of the store.
  static caf::expected<std::unique_ptr<node>> start(const settings& cfg,
                                                    std::function<void(const std::string& reason)> on_fatal);

  /// Ordered and bounded: accept no more (0 s), drain (10 s), commit (5 s), lots back (2 s), all gone by 20 s.
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Works with other values of what can be changed in a running node (docs/configuration.md says which); `pending` are
  /// the options that differ and wait for a restart, for `status`. Error: nothing was applied.
  caf::error apply(const settings& cfg, const std::vector<std::string>& pending);

  /// "127.0.0.1:8080": with the port in use.
  const std::string& address() const noexcept;
  const std::string& admin_address() const noexcept;
  const std::string& incarnation() const noexcept;

private:
  struct parts;
  explicit node(std::unique_ptr<parts> p);

  std::unique_ptr<parts> parts_;
};

} // namespace qrwell
