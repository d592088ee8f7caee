#include "node/supervisor.hpp"

#include "messages/errors.hpp"
#include "runtime/core/stand_in.hpp"
#include "runtime/logging/log.hpp"

#include <caf/all.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

namespace qrwell {
namespace {

const log::voice voice{"supervisor"};

using start_atom = caf::atom_constant<caf::atom("start")>;

struct child {
  supervised what;
  caf::actor address; ///< the stand-in
  caf::actor present;
  uint32_t failures = 0;
  caf::actor_clock::time_point started{};
};

constexpr auto peace = std::chrono::minutes(10);

} // namespace

int64_t restart_delay_ms(uint32_t failures) {
  return std::min<int64_t>(60'000, int64_t{1'000} << std::min(failures - 1, 10u));
}

struct supervisor::shared : std::enable_shared_from_this<supervisor::shared> {
  shared(caf::actor_system& s, std::shared_ptr<vitals_registry> r, std::function<void(std::string)> stop)
      : sys(s)
      , registry(std::move(r))
      , stop_node(std::move(stop)) {}

  caf::actor_system& sys;
  std::shared_ptr<vitals_registry> registry;
  std::function<void(std::string)> stop_node;
  caf::actor watcher;
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<child> children;
  std::map<std::pair<std::string, std::string>, caf::actor> reserved;
  std::set<std::pair<std::string, std::string>> in_order; ///< whose end is wanted
  bool stopping = false;

  const child* find(const std::string& kind, const std::string& name) const {
    for (const auto& c : children)
      if (c.what.kind == kind && c.what.name == name) return &c;
    return nullptr;
  }

  // Under the lock.
  void start(child& c) {
    c.present = c.what.start();
    c.started = sys.clock().now();
    caf::anon_send(watcher, start_atom::value, c.present);
    static_cast<stand_in*>(caf::actor_cast<caf::abstract_actor*>(c.address))->point_to(c.present);
  }

  // The watcher's: somebody died.
  void on_down(caf::event_based_actor* self, const caf::down_msg& down) {
    std::unique_lock lock(mutex);
    for (size_t i = 0; i < children.size(); ++i) {
      auto& c = children[i];
      if (!c.present || c.present->address() != down.source) continue;
      c.present = nullptr;
      static_cast<stand_in*>(caf::actor_cast<caf::abstract_actor*>(c.address))->point_to({});
      ended.notify_all();
      if (stopping || in_order.count({c.what.kind, c.what.name}) > 0 || down.reason == caf::exit_reason::user_shutdown)
        return;
      auto reason = down.reason ? sys.render(down.reason) : std::string("it ended without a reason");
      registry->note_failure(c.what.kind, c.what.name, reason);
      if (c.what.rule == on_death::stop_node) {
        voice.error("actor died, and the node cannot go on without it",
                    {{"kind", c.what.kind}, {"name", c.what.name}, {"why", reason}});
        auto text = c.what.kind + " " + c.what.name + " died: " + reason;
        lock.unlock();
        stop_node(text);
        return;
      }
      c.failures = self->clock().now() - c.started > peace ? 1 : c.failures + 1;
      auto wait_ms = restart_delay_ms(c.failures);
      voice.error("actor died", {{"kind", c.what.kind},
                                 {"name", c.what.name},
                                 {"why", reason},
                                 {"failures", c.failures},
                                 {"restart_in_ms", wait_ms}});
      self->delayed_send(self, std::chrono::milliseconds(wait_ms), start_atom::value, uint64_t{i});
      return;
    }
  }

  void restart(size_t index) {
    std::lock_guard lock(mutex);
    auto& c = children[index];
    if (stopping || c.present) return;
    start(c);
    voice.info("actor restarted", {{"kind", c.what.kind}, {"name", c.what.name}, {"failures", c.failures}});
  }
};

supervisor::supervisor(caf::actor_system& sys, std::shared_ptr<vitals_registry> registry,
                       std::function<void(std::string)> stop_node)
    : shared_(std::make_shared<shared>(sys, std::move(registry), std::move(stop_node))) {
  auto* raw = shared_.get();
  auto keep = std::weak_ptr<shared>(shared_);
  shared_->watcher = sys.spawn<caf::hidden>([raw, keep](caf::event_based_actor* self) -> caf::behavior {
    self->set_down_handler([self, raw, keep](caf::down_msg& down) {
      if (auto alive = keep.lock()) raw->on_down(self, down);
    });
    return {
        [self](start_atom, const caf::actor& born) { self->monitor(born); },
        [raw, keep](start_atom, uint64_t index) {
          if (auto alive = keep.lock()) raw->restart(index);
        },
    };
  });
}

supervisor::~supervisor() {
  stop(0);
  caf::anon_send_exit(shared_->watcher, caf::exit_reason::kill);
}

caf::actor supervisor::address_of(const std::string& kind, const std::string& name) {
  std::lock_guard lock(shared_->mutex);
  auto& address = shared_->reserved[{kind, name}];
  if (!address) address = stand_in::make(shared_->sys);
  return address;
}

caf::actor supervisor::add(supervised what) {
  auto address = address_of(what.kind, what.name);
  std::lock_guard lock(shared_->mutex);
  shared_->children.push_back({std::move(what), address, {}, 0, {}});
  shared_->start(shared_->children.back());
  return address;
}

void supervisor::replace(const std::string& kind, const std::string& name, std::function<caf::actor()> start) {
  std::lock_guard lock(shared_->mutex);
  for (auto& c : shared_->children) {
    if (c.what.kind != kind || c.what.name != name || shared_->stopping) continue;
    c.what.start = std::move(start);
    auto former = std::exchange(c.present, nullptr);
    if (former) shared_->start(c); // otherwise the restart that is due will use it
    if (former) caf::anon_send_exit(former, caf::exit_reason::user_shutdown);
    return; // a kind and a name are of one child
  }
}

std::vector<caf::actor> supervisor::addresses() const {
  std::lock_guard lock(shared_->mutex);
  std::vector<caf::actor> out;
  for (const auto& c : shared_->children) out.push_back(c.address);
  return out;
}

void supervisor::expect_end(const std::string& kind, const std::string& name) {
  std::lock_guard lock(shared_->mutex);
  shared_->in_order.insert({kind, name});
}

bool supervisor::await_one(const std::string& kind, const std::string& name, int64_t patience_ms) {
  std::unique_lock lock(shared_->mutex);
  return shared_->ended.wait_for(lock, std::chrono::milliseconds(patience_ms), [&] {
    const auto* c = shared_->find(kind, name);
    return !c || !c->present;
  });
}

bool supervisor::stop_one(const std::string& kind, const std::string& name, int64_t patience_ms) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->in_order.insert({kind, name});
    if (const auto* c = shared_->find(kind, name); c && c->present)
      caf::anon_send_exit(c->present, caf::exit_reason::user_shutdown);
  }
  return await_one(kind, name, patience_ms);
}

void supervisor::stop(int64_t patience_ms) {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  for (auto it = shared_->children.rbegin(); it != shared_->children.rend(); ++it)
    if (it->present) caf::anon_send_exit(it->present, caf::exit_reason::user_shutdown);
  shared_->ended.wait_for(lock, std::chrono::milliseconds(patience_ms), [&] {
    return std::none_of(shared_->children.begin(), shared_->children.end(),
                        [](const child& c) { return static_cast<bool>(c.present); });
  });
  for (auto& c : shared_->children) {
    if (c.present) caf::anon_send_exit(c.present, caf::exit_reason::kill);
    c.what.start = nullptr; // what it captured may hold addresses of the others
    static_cast<stand_in*>(caf::actor_cast<caf::abstract_actor*>(c.address))->point_to({});
  }
}

} // namespace qrwell
