#pragma once

#include "messages/bind.hpp"

#include <optional>
#include <vector>

namespace qrwell {

/// Whose a bind is, and how long it is of use.
struct bind_origin {
  uint32_t sender = 0;     ///< by the number the shell knows it by
  int64_t deadline_ms = 0; ///< steady
};

/// A bind that waits or is in quarantine.
struct waiting_bind {
  bind_origin from;
  bind_request request;
};

/// Binds of which nobody knows whether the store committed them. Each stays until the store said what became of it, and
/// keeps its mark, by which the store finds it. Its client is told at its deadline that the outcome is unknown; what
/// the store says after that is only for the books: bound, and then the code's row says whose it is, or not bound, and
/// then its lot, which stays held, gives it back with this incarnation.
class quarantine {
public:
  quarantine(uint32_t backoff_min_ms, uint32_t backoff_max_ms, size_t attempts_max)
      : backoff_min_ms_(backoff_min_ms)
      , backoff_max_ms_(backoff_max_ms)
      , attempts_max_(attempts_max) {}

  void add(std::vector<waiting_bind> binds, int64_t now_ms);

  /// The next question to the store, if one is due; at most one under way.
  std::optional<bind_resolve> ask(int64_t now_ms);

  struct answered {
    waiting_bind bind;
    bool told = false; ///< its client has been told that the outcome is unknown
    bind_result result;
  };
  /// The store's answer; null when it gave none. Those that it settled leave.
  std::vector<answered> settle(bind_group_result* answer, int64_t now_ms);

  /// Those whose clients must be told now that the outcome is unknown; once each.
  std::vector<const waiting_bind*> overdue(int64_t now_ms);

  void set_attempts_max(size_t attempts_max) noexcept { attempts_max_ = attempts_max; }
  size_t size() const noexcept { return held_.size(); }
  int64_t since_ms() const noexcept { return since_ms_; } ///< when it was empty last

private:
  struct entry {
    waiting_bind bind;
    bool told = false;
  };

  uint32_t backoff_min_ms_, backoff_max_ms_;
  size_t attempts_max_;
  std::vector<entry> held_;
  size_t asked_ = 0; ///< of the question under way: so many from the front; 0: none
  uint32_t backoff_ms_ = 0;
  int64_t ask_at_ms_ = 0, since_ms_ = 0;
};

} // namespace qrwell
