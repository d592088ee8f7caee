#pragma once

#include "actors/admin_server/admin_server.hpp"
#include "node/actor_settings.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace qrwell {

/// A value that a running node may replace: what an actor is started with, also when it is started anew.
template <class T>
class live {
public:
  explicit live(T value)
      : value_(std::move(value)) {}

  T get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  void set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }

private:
  mutable std::mutex mutex_;
  T value_;
};

template <class T>
using live_ptr = std::shared_ptr<live<T>>;

/// Who takes other limits while it runs: each actor is told by a message, and its present settings are kept for its
/// next start, so that neither a running one nor a restarted one works with old limits.
struct live_crew {
  std::vector<caf::actor> front_ends;
  request_server_actor request_server;
  live_ptr<request_server_config> request_settings;
  binding_persister_actor persister;
  live_ptr<binding_persister_config> persister_settings;
  scan_server_actor scan_server;
  live_ptr<scan_server_config> scan_settings;
  live_ptr<check_files_ptr> check_files;
  scan_recorder_actor recorder;
  live_ptr<scan_recorder_config> recorder_settings;
  std::vector<std::pair<admin_server_actor, live_ptr<admin_server_config>>> admins;
};

/// Error: a value that an actor does not take; then nothing was changed.
caf::error apply_limits(const live_crew& to, const settings& cfg, const data_dir& dir);

/// What `status` says of a restart.
void tell_pending(const live_crew& to, const std::vector<std::string>& options);

} // namespace qrwell
