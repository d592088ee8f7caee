#pragma once

#include "messages/inspect.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace qrwell {

/// What an actor leaves behind at every message, readable from any thread without asking it: so an actor that hangs in
/// a handler shows as such. All fields but the names are atomics; a reader may see one message's name with the next
/// one's time, never a torn value.
struct vitals {
  std::string kind, name, pool;
  int64_t started_ms = 0;
  std::atomic<uint64_t> enqueued{0}; ///< messages that anyone put into the mailbox
  std::atomic<uint64_t> taken{0};    ///< messages that left it: handled, or answers that arrived
  std::atomic<uint64_t> handled{0};
  std::atomic<const char*> message{""};  ///< the one being handled or the last one; string literals only
  std::atomic<int64_t> busy_since_ns{0}; ///< steady time; 0: idle
  std::atomic<uint64_t> restarts{0};
  std::atomic<bool> alive{true};
  mutable std::mutex failure_mutex;
  std::string last_failure;

  actor_vital snapshot() const;
};

using vitals_ptr = std::shared_ptr<vitals>;

/// All vitals of a node. Thread-safe; keeps those of dead actors, so that they show as dead, until an actor of the same
/// kind and name replaces them.
class vitals_registry {
public:
  /// Registers an actor that starts; a predecessor of the same kind and name hands down its count of restarts.
  vitals_ptr enroll(std::string kind, std::string name, std::string pool = {});

  std::vector<actor_vital> snapshot() const;

  /// Counts a restart, with its reason, on an actor that supervision starts again.
  void note_failure(const std::string& kind, const std::string& name, std::string reason);

private:
  mutable std::mutex mutex_;
  std::vector<vitals_ptr> all_;
};

/// Marks the time in a handler. Used through `watch()`.
class handling {
public:
  handling(vitals* v, const char* message) noexcept
      : vitals_(v) {
    if (!v) return;
    v->message.store(message, std::memory_order_relaxed);
    v->busy_since_ns.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  ~handling() {
    if (!vitals_) return;
    vitals_->busy_since_ns.store(0, std::memory_order_relaxed);
    vitals_->handled.fetch_add(1, std::memory_order_relaxed);
  }
  handling(const handling&) = delete;
  handling& operator=(const handling&) = delete;

private:
  vitals* vitals_;
};

namespace detail {

template <class F, class Signature>
struct watched_handler;

template <class F, class R, class... Args>
struct watched_handler<F, R (F::*)(Args...) const> {
  F f;
  vitals_ptr v;
  const char* message;
  R operator()(Args... args) const {
    handling h{v.get(), message};
    return f(std::forward<Args>(args)...);
  }
};

} // namespace detail

/// The reason of an actor that died of an exception.
caf::error error_of(const std::exception_ptr& thrown);

/// Wraps a handler: `watch(v, "bind_batch", [=](const bind_batch& b) { ... })`. `message` must be a literal.
template <class F>
auto watch(vitals_ptr v, const char* message, F f) {
  return detail::watched_handler<F, decltype(&F::operator())>{std::move(f), std::move(v), message};
}

/// The base of all our event-based actors: counts what is put into the mailbox, and marks the actor dead when it ends.
/// Use as `watched<binding_persister_actor, binding_persister_state>*` for the self pointer of a behavior function.
template <class Handle, class State>
class watched;

template <class... Sigs, class State>
class watched<caf::typed_actor<Sigs...>, State>
    : public caf::stateful_actor<State, caf::typed_event_based_actor<Sigs...>> {
public:
  using super = caf::stateful_actor<State, caf::typed_event_based_actor<Sigs...>>;
  using super::super;

  ~watched() override {
    if (auto v = std::atomic_load(&vitals_)) v->alive.store(false);
  }

  using super::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override {
    if (auto* v = raw_.load(std::memory_order_acquire)) v->enqueued.fetch_add(1, std::memory_order_relaxed);
    super::enqueue(std::move(what), host);
  }

  /// Every message that leaves the mailbox passes here, answers to requests too.
  caf::invoke_message_result consume(caf::mailbox_element& x) override {
    auto result = super::consume(x);
    if (result != caf::invoke_message_result::skipped)
      if (auto* v = raw_.load(std::memory_order_relaxed)) v->taken.fetch_add(1, std::memory_order_relaxed);
    return result;
  }
  using super::consume;

  /// Called first by the behavior function.
  void set_vitals(const vitals_ptr& v) {
    std::atomic_store(&vitals_, v);
    raw_.store(v.get(), std::memory_order_release);
    // CAF's own handlers print to stderr; ours make the reason of the death, which supervision logs.
    this->set_exception_handler([](std::exception_ptr& thrown) { return error_of(thrown); });
    this->set_default_handler(caf::drop);
  }

private:
  vitals_ptr vitals_;
  std::atomic<vitals*> raw_{nullptr};
};

} // namespace qrwell
