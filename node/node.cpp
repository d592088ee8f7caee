#include "node/node.hpp"

#include "messages/register.hpp"
#include "node/crew.hpp"
#include "node/open_store.hpp"
#include "node/private_files.hpp"
#include "node/watermark.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/wechat/call_engine.hpp"

#include <caf/io/middleman.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <optional>

namespace qrwell {
namespace {

const log::voice voice{"node"};

struct system_config : caf::actor_system_config {
  system_config() {
    register_messages(*this);
    load<caf::io::middleman>();
    // 50 by default: each request would cost a second recv() that finds nothing.
    set("middleman.max-consecutive-reads", size_t{1});
    // Stealing workers poll, and take the time that the multiplexer needs.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::max<size_t>(2, std::thread::hardware_concurrency()));
  }
};

constexpr int64_t drain_ms = 11'000, commit_ms = 5'000, lots_ms = 2'000, watermark_ms = 1'000, last_ms = 2'000;

} // namespace

struct node::parts {
  parts(const settings& s, data_dir d)
      : cfg(s)
      , dir(std::move(d)) {}

  settings cfg;
  data_dir dir;
  std::string address, admin_address;
  std::shared_ptr<wechat::call_engine> engine;
  system_config system_cfg;
  std::unique_ptr<caf::actor_system> sys;
  std::shared_ptr<vitals_registry> registry = std::make_shared<vitals_registry>();
  std::unique_ptr<supervisor> boss;
  crew actors;
};

caf::expected<std::unique_ptr<node>> node::start(const settings& cfg,
                                                 std::function<void(const std::string&)> on_fatal) {
  auto dir = data_dir::open(cfg.node.data_dir, cfg.node.name);
  if (!dir) return std::move(dir.error());
  auto p = std::make_unique<parts>(cfg, std::move(*dir));

  auto opened_up = make_private(cfg);
  if (!opened_up) return std::move(opened_up.error());
  if (!opened_up->empty())
    voice.warn("files were open to others", {{"files", fmt::format("{}", fmt::join(*opened_up, ", "))}});
  auto store = open_store_for_node(cfg, p->dir);
  if (!store) return std::move(store.error());
  auto prepared = prepare_store(**store, cfg, p->dir);
  if (!prepared) return std::move(prepared.error());
  auto identity = (*store)->identity();
  if (!identity) return std::move(identity.error());
  store->reset();
  if (auto bad = settle_watermark(p->dir.path(), *identity, cfg.store.sqlite)) return bad;

  auto listener = http_listener::bind(to_string(cfg.http.listen));
  if (!listener) return std::move(listener.error());
  auto admin_listener = http_listener::bind(to_string(cfg.http.admin_listen));
  if (!admin_listener) return std::move(admin_listener.error());
  p->address = listener->address();
  p->admin_address = admin_listener->address();
  // A port that the kernel chose must be in what clients are told, and the CLI must find it.
  if (cfg.http.listen.port == 0 && p->cfg.http.public_url == "http://" + to_string(cfg.http.listen))
    p->cfg.http.public_url = "http://" + p->address;
  std::ofstream(cfg.node.data_dir + "/admin.address") << p->admin_address << "\n";

  wechat::call_engine_config engine_cfg;
  engine_cfg.inflight_max = cfg.wechat.inflight_max;
  auto engine = wechat::call_engine::make(engine_cfg);
  if (!engine) return std::move(engine.error());
  p->engine = std::move(*engine);

  p->sys = std::make_unique<caf::actor_system>(p->system_cfg);
  p->boss = std::make_unique<supervisor>(*p->sys, p->registry, [on_fatal](std::string reason) { on_fatal(reason); });
  crew_needs needs{p->cfg,
                   p->dir,
                   std::move(prepared->known),
                   std::make_shared<const mac_keys>(std::move(prepared->keys)),
                   p->engine,
                   std::move(*listener),
                   std::move(*admin_listener),
                   p->registry,
                   on_fatal};
  auto actors = start_crew(*p->sys, *p->boss, needs);
  // What exists by now is taken down in order by the destructor.
  std::unique_ptr<node> out(new node(std::move(p)));
  if (!actors) return std::move(actors.error());
  out->parts_->actors = std::move(*actors);
  voice.info("ready", {{"node", cfg.node.name},
                       {"incarnation", out->incarnation()},
                       {"listen", out->address()},
                       {"admin_listen", out->admin_address()},
                       {"version", QRWELL_VERSION}});
  return out;
}

node::node(std::unique_ptr<parts> p)
    : parts_(std::move(p)) {}

node::~node() {
  auto& p = *parts_;
  voice.info("stopping");
  // 1. Accept no more, and answer what is under way.
  for (const auto* door : {"open", "operators"}) p.boss->expect_end("http_frontend", door);
  for (const auto& front : {p.actors.frontend, p.actors.admin_frontend})
    if (front) caf::anon_send(front, frontend_stop{});
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(drain_ms);
  auto left_ms = [&] {
    return std::max<int64_t>(
        1, std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count());
  };
  p.boss->await_one("http_frontend", "open", left_ms());
  p.boss->await_one("http_frontend", "operators", left_ms());
  // 2. No further fetch; what was fetched lands. Then nobody is left who binds, and the last group is committed.
  for (const auto& pool : p.cfg.pools) p.boss->stop_one("pool_stocker", pool.name, 500);
  p.boss->stop_one("request_server", "request_server", commit_ms);
  p.boss->stop_one("binding_persister", "binding_persister", commit_ms);
  // Before the engine cuts off their calls, which would look like WeChat being away.
  for (const auto* kind : {"wechat_fetcher", "token_keeper"})
    for (const auto& app : p.cfg.apps) p.boss->stop_one(kind, app.name, 500);
  p.engine->stop();
  // 3. Lots go back to stock, so that the next start finds them ready.
  if (p.actors.writer) {
    caf::scoped_actor self{*p.sys};
    self->request(p.actors.writer, std::chrono::milliseconds(lots_ms), lots_give_back{p.dir.incarnation()})
        .receive(
            [](const affected& back) {
              voice.info("lots given back", {{"lots", back.count}});
            },
            [](const caf::error& why) {
              voice.warn("lots were not given back; the next start does it", {{"why", render(why)}});
            });
  }
  // 4. How far the store came: of the file that is open, whatever lies in its place by now.
  std::optional<store_identity> last;
  if (p.actors.reader) {
    caf::scoped_actor self{*p.sys};
    self->request(p.actors.reader, std::chrono::milliseconds(watermark_ms), identity_query{})
        .receive([&](store_identity& now) { last = std::move(now); },
                 [](const caf::error& why) {
                   voice.warn("the store did not say how far it is", {{"why", render(why)}});
                 });
  }
  // 5. Everyone else.
  p.boss->stop(last_ms);
  p.boss.reset();
  p.actors = {};
  p.sys.reset();
  // The caretaker, which is gone by now, wrote it every few seconds only.
  if (last)
    if (auto bad = settle_watermark(p.dir.path(), *last, p.cfg.store.sqlite))
      voice.warn("the last watermark was not written", {{"why", render(bad)}});
  voice.info("stopped");
}

caf::error node::apply(const settings& cfg, const std::vector<std::string>& pending) {
  return parts_->actors.apply(cfg, pending);
}

const std::string& node::address() const noexcept {
  return parts_->address;
}
const std::string& node::admin_address() const noexcept {
  return parts_->admin_address;
}
const std::string& node::incarnation() const noexcept {
  return parts_->dir.incarnation();
}

} // namespace qrwell
