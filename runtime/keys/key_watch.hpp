#pragma once

#include "messages/interfaces.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/keys/key_ring.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace qrwell {

/// An actor's own key ring, kept fresh: read anew every `refresh_interval_ms`, and at once (but not more often than
/// every `unknown_interval_ms`) when somebody comes with a key that it does not know, so that `qrwell key add` works
/// without a wait. Lives in the state of the actor `Self` points to.
struct key_watch_config {
  uint32_t refresh_interval_ms = 3'000;
  uint32_t age_max_ms = 5'000; ///< older keys are not believed: one of them may be revoked by now
  uint32_t unknown_interval_ms = 200;
  uint32_t store_timeout_ms = 1'000;
  uint32_t used_flush_ms = 60'000; ///< last uses are told to the store so often
  size_t waiting_max = 1'024;      ///< callers that wait for a read; past it: unavailable
  size_t unknown_waiting_max = 4;  ///< of these, with keys that were never read: anybody can invent one
};

template <class Self>
class key_watch {
public:
  using answer = std::function<void(caf::expected<const api_key*>)>;

  key_watch(Self self, key_watch_config cfg, wall_clock wall, store_reader_actor reader)
      : self_(self)
      , cfg_(cfg)
      , wall_(std::move(wall))
      , reader_(std::move(reader)) {}

  /// Calls `then` with the key, now or after a read of the keys. The key is valid only inside `then`.
  void with_key(const secret& authorization, answer then) {
    auto now = mono_ms(self_);
    auto found = ring_.look_up(authorization, wall_());
    // What is no key needs no store to be told so.
    if (found.verdict == key_verdict::missing || found.verdict == key_verdict::malformed)
      return then(error_of(found.verdict));
    auto believed = ring_.read_at_ms() >= 0 && now - ring_.read_at_ms() <= cfg_.age_max_ms;
    if (found.verdict == key_verdict::good && believed) return then(found.key);
    if (believed && found.verdict != key_verdict::unknown) return then(error_of(found.verdict));
    // Before the first reading all keys are unknown.
    auto unknown = found.verdict == key_verdict::unknown && ring_.read_at_ms() >= 0;
    if (unknown && believed && unknown_waiting_ >= cfg_.unknown_waiting_max) return then(error_of(found.verdict));
    if (waiting_.size() >= cfg_.waiting_max || (unknown && unknown_waiting_ >= cfg_.unknown_waiting_max))
      return then(fail(ec::unavailable, "too many callers wait for the keys to be read from the store: try again"));
    unknown_waiting_ += unknown ? 1 : 0;
    waiting_.push_back({authorization, std::move(then)});
    // Perhaps it was made after the last reading. The next one is soon, but never sooner for those who guess.
    if (!believed || now - asked_at_ms_ >= cfg_.unknown_interval_ms) read();
  }

  /// Callers that wait with a key that was never read: they must not take the places of those with one.
  size_t unknown_waiting() const noexcept { return unknown_waiting_; }

  /// Every tick of the actor.
  void refresh_if_due() {
    auto since = mono_ms(self_) - asked_at_ms_;
    if (asked_at_ms_ < 0 || since >= cfg_.refresh_interval_ms ||
        (!waiting_.empty() && since >= cfg_.unknown_interval_ms))
      read();
  }

  /// Counts one call against the rate of a key that with_key() has just given, and has the answer of `v` (an
  /// http::visit) say so. False: it is past the rate, and `v` is answered with 429.
  template <class Visit>
  bool charge(const api_key& key, Visit& v) {
    if (is_admin(key)) v.may_see_times();
    auto rate = ring_.charge(key, mono_ms(self_));
    if (rate.limit != 0) v.say(rate_lines(rate));
    if (rate.allowed) return true;
    v.refuse(ec::rate_limited,
             "The key '" + key.name + "' is past its limit of " + std::to_string(rate.limit) +
                 " calls at once; RateLimit-Reset says when all of them are free again.",
             rate.retry_after_s);
    return false;
  }

  /// Tells the store which keys were used, every used_flush_ms; call it every tick of the actor. What the store does
  /// not take is told again when the key is used again.
  void tell_used(const store_writer_actor& writer) {
    auto now = mono_ms(self_);
    if (used_told_ms_ < 0) used_told_ms_ = now;
    if (now - used_told_ms_ < cfg_.used_flush_ms) return;
    used_told_ms_ = now;
    keys_used used{ring_.take_used()};
    if (used.key_ids.empty()) return;
    self_->request(writer, std::chrono::milliseconds(cfg_.store_timeout_ms), std::move(used))
        .then([](done) {}, [](const caf::error&) {});
  }

private:
  struct waiter {
    secret authorization;
    answer then;
  };

  void read() {
    if (reading_) return;
    reading_ = true;
    asked_at_ms_ = mono_ms(self_);
    self_->request(reader_, std::chrono::milliseconds(cfg_.store_timeout_ms), keys_query{})
        .then(
            [this](keys_snapshot& keys) {
              ring_.replace(std::move(keys), mono_ms(self_));
              release({});
            },
            [this](const caf::error& why) {
              release(fail(ec::unavailable,
                           "the keys cannot be read from the store at the moment (" + render(why) + "): try again"));
            });
  }

  void release(const caf::error& failure) {
    reading_ = false;
    unknown_waiting_ = 0;
    for (auto& w : std::exchange(waiting_, {})) {
      auto found = ring_.look_up(w.authorization, wall_());
      if (failure)
        w.then(failure);
      else if (found.verdict == key_verdict::good)
        w.then(found.key);
      else
        w.then(error_of(found.verdict));
    }
  }

  Self self_;
  key_watch_config cfg_;
  wall_clock wall_;
  store_reader_actor reader_;
  key_ring ring_;
  bool reading_ = false;
  int64_t asked_at_ms_ = -1, used_told_ms_ = -1;
  std::vector<waiter> waiting_;
  size_t unknown_waiting_ = 0;
};

} // namespace qrwell
