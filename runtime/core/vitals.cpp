#include "runtime/core/vitals.hpp"

#include "messages/errors.hpp"

namespace qrwell {

actor_vital vitals::snapshot() const {
  actor_vital out;
  out.kind = kind;
  out.name = name;
  out.pool = pool;
  out.started_ms = started_ms;
  auto in = enqueued.load(std::memory_order_relaxed);
  auto gone = taken.load(std::memory_order_relaxed);
  out.handled = handled.load(std::memory_order_relaxed);
  out.message = message.load(std::memory_order_relaxed);
  auto since = busy_since_ns.load(std::memory_order_relaxed);
  if (since != 0) {
    out.busy = true;
    auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    out.busy_for_ms = now > since ? static_cast<uint64_t>(now - since) / 1'000'000 : 0;
  }
  auto inside = out.busy ? 1u : 0u; // the message being handled does not wait any more
  out.mailbox = in > gone + inside ? in - gone - inside : 0;
  out.restarts = restarts.load(std::memory_order_relaxed);
  out.alive = alive.load(std::memory_order_relaxed);
  std::lock_guard lock(failure_mutex);
  out.last_failure = last_failure;
  return out;
}

caf::error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return fail(ec::internal, std::string("an exception left a handler: ") + e.what());
  } catch (...) {
    return fail(ec::internal, "an unknown exception left a handler");
  }
}

vitals_ptr vitals_registry::enroll(std::string kind, std::string name, std::string pool) {
  auto v = std::make_shared<vitals>();
  v->kind = std::move(kind);
  v->name = std::move(name);
  v->pool = std::move(pool);
  v->started_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::lock_guard lock(mutex_);
  for (auto& old : all_)
    if (old->kind == v->kind && old->name == v->name) {
      v->restarts.store(old->restarts.load());
      {
        std::lock_guard failure_lock(old->failure_mutex);
        v->last_failure = old->last_failure;
      }
      old = v;
      return v;
    }
  all_.push_back(v);
  return v;
}

std::vector<actor_vital> vitals_registry::snapshot() const {
  std::lock_guard lock(mutex_);
  std::vector<actor_vital> out;
  out.reserve(all_.size());
  for (const auto& v : all_) out.push_back(v->snapshot());
  return out;
}

void vitals_registry::note_failure(const std::string& kind, const std::string& name, std::string reason) {
  std::lock_guard lock(mutex_);
  for (auto& v : all_)
    if (v->kind == kind && v->name == name) {
      v->restarts.fetch_add(1);
      v->alive.store(false);
      std::lock_guard failure_lock(v->failure_mutex);
      v->last_failure = std::move(reason);
      return;
    }
}

} // namespace qrwell
