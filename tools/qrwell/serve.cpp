#include "tools/qrwell/serve.hpp"

#include "config/loader.hpp"
#include "node/node.hpp"
#include "runtime/logging/log.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"
#include "tools/qrwell/signals.hpp"

#include <atomic>
#include <mutex>
#include <sys/resource.h>

namespace qrwell::cli {
namespace {

const log::voice voice{"serve"};

/// Why the node cannot go on; set from any thread.
struct fatal_reason {
  std::mutex mutex;
  std::string text;
  std::atomic<bool> set{false};
};

// The soft limit of 1,024 is for programs that select(); the hard one is what the operator allows.
void raise_descriptor_limit(const limit_settings& limits) {
  constexpr uint64_t beside_clients = 1'000;
  rlimit allowed{};
  if (::getrlimit(RLIMIT_NOFILE, &allowed) != 0) return;
  allowed.rlim_cur = allowed.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &allowed);
  ::getrlimit(RLIMIT_NOFILE, &allowed);
  if (allowed.rlim_cur < limits.connections_max + beside_clients)
    voice.warn("fewer descriptors than limits.connections_max and 1,000 more: raise the hard limit of ulimit -n",
               {{"descriptors", allowed.rlim_cur}, {"connections_max", limits.connections_max}});
}

void reload(node& running, settings& present) {
  auto fresh = load_settings(present.file);
  if (!fresh) return voice.error("the configuration was not re-read", {{"why", render(fresh.error())}});
  auto changes = diff_settings(present, *fresh);
  std::vector<std::string> pending;
  for (const auto& change : changes)
    if (!change.reloadable) pending.push_back(change.path);
  auto next = reload_settings(present, *fresh);
  if (auto err = running.apply(next, pending))
    return voice.error("the configuration was re-read and not applied", {{"why", render(err)}});
  present = std::move(next);
  for (const auto& change : changes)
    voice.info(change.reloadable ? "setting changed" : "pending restart",
               {{"option", change.path}, {"before", change.before}, {"after", change.after}});
  log::set_level(log::to_level(present.log.level));
}

} // namespace

int serve(const settings& cfg) {
  signals steer;
  auto fatal = std::make_shared<fatal_reason>();
  if (auto err = log::start(
          {log::to_level(cfg.log.level), log::choose_format(cfg.log.format, 1), cfg.limits.log_queue_lines, 1}))
    return complain(err);
  for (const auto& warning : cfg.warnings) voice.warn(warning);
  raise_descriptor_limit(cfg.limits);
  auto running = node::start(cfg, [fatal](const std::string& reason) {
    std::lock_guard lock(fatal->mutex);
    if (fatal->text.empty()) fatal->text = reason;
    fatal->set = true;
    signals::wake();
  });
  if (!running) {
    log::stop();
    return complain(running.error());
  }
  auto present = cfg;
  while (!fatal->set) {
    auto number = steer.next(60'000);
    if (number == SIGHUP) reload(**running, present);
    if (number == SIGTERM || number == SIGINT) break;
  }
  if (fatal->set) voice.error("this node cannot go on", {{"why", fatal->text}});
  running->reset();
  log::stop();
  return fatal->set ? exit_failed : exit_ok;
}

} // namespace qrwell::cli
