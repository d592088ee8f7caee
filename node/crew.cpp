#include "node/crew.hpp"

#include "actors/admin_server/admin_server.hpp"
#include "actors/batch_server/batch_server.hpp"
#include "actors/bulk_server/bulk_server.hpp"
#include "actors/caretaker/caretaker.hpp"
#include "actors/code_server/code_server.hpp"
#include "actors/inspector/inspector.hpp"
#include "actors/store_worker/image_worker.hpp"
#include "actors/store_worker/store_reader.hpp"
#include "actors/store_worker/store_writer.hpp"
#include "actors/transfer_server/transfer_server.hpp"
#include "node/actor_settings.hpp"
#include "node/check_files.hpp"
#include "node/live_settings.hpp"
#include "node/node_metrics.hpp"
#include "node/openapi.hpp"
#include "node/watermark.hpp"
#include "runtime/images/image_directory.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

namespace qrwell {
namespace {

// What an actor is started with: the present value of what may change, anything else as it is.
template <class T>
const T& present(const T& x) {
  return x;
}
template <class T>
T present(const live_ptr<T>& x) {
  return x->get();
}

/// One supervised actor after the other; remembers the first error, after which nothing more is started.
class muster {
public:
  muster(caf::actor_system& sys, supervisor& boss, const crew_needs& needs)
      : sys_(sys)
      , boss_(boss)
      , needs_(needs) {}

  /// `args` are copied into the factory, so that a restart has them too; of a live_ptr it has the present value.
  template <class Handle, class Function, class... Args>
  Handle add(const std::string& kind, const std::string& name, const std::string& pool, on_death rule,
             Function function, Args... args) {
    return boss_.add_as<Handle>({kind, name, rule, [=, &sys = sys_, registry = needs_.registry] {
                                   return caf::actor_cast<caf::actor>(
                                       sys.spawn(function, registry->enroll(kind, name, pool), present(args)...));
                                 }});
  }

  /// The same on a thread of its own, for one that now and then waits for the disk, or works long for one answer.
  template <class Handle, class Function, class... Args>
  Handle add_blocking(const std::string& kind, const std::string& name, const std::string& pool, on_death rule,
                      Function function, Args... args) {
    return boss_.add_as<Handle>({kind, name, rule, [=, &sys = sys_, registry = needs_.registry] {
                                   return caf::actor_cast<caf::actor>(
                                       sys.spawn<caf::detached>(function, registry->enroll(kind, name, pool), args...));
                                 }});
  }

  /// An actor that blocks, on a thread of its own, with an engine that is opened anew for each incarnation. Its death
  /// stops the node: what it was doing to the disk is unknown.
  template <class Handle, class Engine, class Function>
  Handle add_worker(const std::string& kind, const std::string& name, Function function,
                    std::unique_ptr<Engine> engine) {
    auto cfg = worker_settings(name);
    auto first = std::make_shared<std::unique_ptr<Engine>>(std::move(engine));
    return boss_.add_as<Handle>({kind, name, on_death::stop_node, [=, &sys = sys_, registry = needs_.registry] {
                                   return caf::actor_cast<caf::actor>(sys.spawn<caf::detached>(
                                       function, registry->enroll(kind, name), cfg, std::move(*first)));
                                 }});
  }

  caf::error start_frontend(const std::string& name, const http_listener& listener, http::listener_kind kind,
                            const http_services& services, const scan_recorder_actor& recorder, caf::actor& out) {
    http_frontend_config cfg;
    cfg.name = name;
    cfg.listener = listener;
    cfg.kind = kind;
    auto limits = listener_settings(needs_.cfg);
    if (!limits) return limits.error();
    cfg.limits = *limits;
    auto proxies = proxy_settings(needs_.cfg);
    if (!proxies) return proxies.error();
    cfg.proxies = std::move(*proxies);
    cfg.link_prefixes = link_prefixes_of(needs_.cfg);
    cfg.counters = needs_counters(name);
    if (auto err = validate(cfg)) return err;
    out = boss_.add({"http_frontend", name, on_death::stop_node, [=, &sys = sys_, registry = needs_.registry] {
                       return sys.middleman().spawn_broker(http_frontend, registry->enroll("http_frontend", name), cfg,
                                                           services, recorder);
                     }});
    return {};
  }

  std::shared_ptr<http_counters> needs_counters(const std::string& name) {
    auto& made = counters_[name];
    if (!made) made = std::make_shared<http_counters>();
    return made;
  }

private:
  store_worker_config worker_settings(const std::string& name) {
    store_worker_config cfg;
    cfg.name = name;
    cfg.gives_way = name == "bulk" || name == "checks";
    cfg.on_fatal = [stop = needs_.on_fatal](const caf::error& why) { stop(render(why)); };
    for (const auto& app : needs_.cfg.apps) cfg.limits.emplace_back(app.name, app.per_minute);
    return cfg;
  }

  caf::actor_system& sys_;
  supervisor& boss_;
  const crew_needs& needs_;
  std::map<std::string, std::shared_ptr<http_counters>> counters_;
};

caf::expected<std::unique_ptr<code_store>> open_store(const settings& cfg, bool read_only) {
  sqlite_options options;
  options.file = cfg.store.sqlite;
  options.read_only = read_only;
  options.may_make = options.may_migrate = false; // node::start has done what is to be done
  // SQLite 3.40 walks its whole page cache at many commits: a small one for the writer costs it less than misses do.
  if (!read_only) options.cache_kib = 16 * 1024;
  options.log_beside = !read_only;
  return sqlite_code_store::open(std::move(options));
}

caf::expected<std::unique_ptr<image_store>> open_images(const settings& cfg) {
  auto images = image_directory::open(cfg.images.dir);
  if (!images) return std::move(images.error());
  return std::unique_ptr<image_store>(std::move(*images));
}

/// See crew::apply. All that may be refused is made before anything is changed.
auto make_apply(caf::actor_system& sys, supervisor& boss, const crew_needs& needs, live_crew steered) {
  return [&sys, &boss, &dir = needs.dir, registry = needs.registry, wechat = needs.wechat, steered = std::move(steered),
          running = needs.cfg](const settings& fresh, const std::vector<std::string>& pending) mutable -> caf::error {
    auto next = running;
    next.limits = fresh.limits;
    std::vector<token_keeper_config> keepers;
    for (auto& app : next.apps) {
      const auto* now = fresh.app(app.name);
      if (!now || now->secret == app.secret) continue;
      app.secret = now->secret;
      auto token = token_settings(next, app);
      if (!token) return token.error();
      keepers.push_back(std::move(*token));
    }
    if (auto err = apply_limits(steered, next, dir)) return err;
    steered.check_files->set(read_check_files(next));
    // A new AppSecret needs a new keeper; the token that the old one had is still good, and is fetched again.
    for (const auto& keeper : keepers)
      boss.replace("token_keeper", keeper.app, [=, &sys] {
        return caf::actor_cast<caf::actor>(
            sys.spawn(token_keeper, registry->enroll("token_keeper", keeper.app), keeper, wechat));
      });
    tell_pending(steered, pending);
    running = std::move(next);
    return {};
  };
}

} // namespace

caf::expected<crew> start_crew(caf::actor_system& sys, supervisor& boss, const crew_needs& needs) {
  const auto& cfg = needs.cfg;
  muster all(sys, boss, needs);
  crew out;

  // -- stores: a thread each. Scans, reads of codes, lists and checks of the whole store
  // do not wait for each other, nor do they for writes.
  auto write = open_store(cfg, false);
  if (!write) return std::move(write.error());
  out.writer = all.add_worker<store_writer_actor>("store_writer", "writer", store_writer, std::move(*write));
  std::map<std::string, store_reader_actor> readers;
  for (const auto* lane : {"scans", "codes", "bulk", "checks"}) {
    auto read = open_store(cfg, true);
    if (!read) return std::move(read.error());
    readers[lane] = all.add_worker<store_reader_actor>("store_reader", lane, store_reader, std::move(*read));
  }
  out.reader = readers["codes"];
  std::map<std::string, image_worker_actor> images;
  for (const auto* lane : {"put", "get"}) {
    auto directory = open_images(cfg);
    if (!directory) return std::move(directory.error());
    images[lane] = all.add_worker<image_worker_actor>("image_worker", lane, image_worker, std::move(*directory));
  }

  // -- those who talk to each other are known before they live
  auto request_address = boss.reserve<request_server_actor>("request_server", "request_server");
  auto admin_address = boss.reserve<admin_server_actor>("admin_server", "open");
  auto operators_address = boss.reserve<admin_server_actor>("admin_server", "operators");

  auto numbers = std::make_shared<node_metrics>(
      cfg.node.name, std::map<std::string, std::shared_ptr<http_counters>>{
                         {"open", all.needs_counters("open")}, {"operators", all.needs_counters("operators")}});
  live_crew steered;

  // -- binding and scanning
  auto persister_cfg = persister_settings(cfg, needs.dir);
  if (!persister_cfg) return std::move(persister_cfg.error());
  persister_cfg->on_commit = [numbers](double seconds, size_t bindings) { numbers->committed(seconds, bindings); };
  steered.persister_settings = std::make_shared<live<binding_persister_config>>(std::move(*persister_cfg));
  out.persister = all.add<binding_persister_actor>("binding_persister", "binding_persister", "", on_death::restart,
                                                   binding_persister, steered.persister_settings, out.writer);
  steered.persister = out.persister;
  auto recorder_cfg = recorder_settings(cfg);
  if (!recorder_cfg) return std::move(recorder_cfg.error());
  steered.recorder_settings = std::make_shared<live<scan_recorder_config>>(*recorder_cfg);
  auto recorder = all.add<scan_recorder_actor>("scan_recorder", "scan_recorder", "", on_death::restart, scan_recorder,
                                               steered.recorder_settings, out.writer);
  steered.recorder = recorder;

  // -- stock: per app, then per pool
  std::map<std::string, quota_manager_actor> quotas;
  std::map<std::string, token_keeper_actor> tokens;
  std::map<std::string, wechat_fetcher_actor> fetchers;
  for (const auto& app : cfg.apps) {
    auto quota = quota_settings(cfg, app, needs.known, needs.dir);
    auto token = token_settings(cfg, app);
    auto fetch = fetcher_settings(cfg, app);
    if (!quota || !token || !fetch) return !quota ? quota.error() : !token ? token.error() : fetch.error();
    quota_core::mint_fn mint = [keys = needs.keys] { return keys->mint(system_wall_ms()); };
    quotas[app.name] = all.add<quota_manager_actor>("quota_manager", app.name, "", on_death::restart, quota_manager,
                                                    *quota, out.writer, mint, wall_clock(system_wall_ms));
    tokens[app.name] = all.add<token_keeper_actor>("token_keeper", app.name, "", on_death::restart, token_keeper,
                                                   *token, needs.wechat);
    fetchers[app.name] = all.add<wechat_fetcher_actor>("wechat_fetcher", app.name, "", on_death::restart,
                                                       wechat_fetcher, *fetch, tokens[app.name], needs.wechat);
  }
  std::map<std::string, pool_stocker_actor> stockers;
  for (const auto& pool : cfg.pools) stockers[pool.name] = boss.reserve<pool_stocker_actor>("pool_stocker", pool.name);

  // -- serving
  auto request_cfg = request_settings(cfg, [keys = needs.keys] { return keys->mint(system_wall_ms()); });
  if (!request_cfg) return std::move(request_cfg.error());
  steered.request_settings = std::make_shared<live<request_server_config>>(std::move(*request_cfg));
  out.request_server = all.add<request_server_actor>("request_server", "request_server", "", on_death::restart,
                                                     request_server, steered.request_settings, out.persister,
                                                     readers["codes"], out.writer, images["get"], stockers);
  steered.request_server = out.request_server;
  auto scan_cfg = scan_settings(cfg);
  if (!scan_cfg) return std::move(scan_cfg.error());
  steered.check_files = std::make_shared<live<check_files_ptr>>(read_check_files(cfg));
  scan_cfg->files = [files = steered.check_files] { return files->get(); };
  steered.scan_settings = std::make_shared<live<scan_server_config>>(*scan_cfg);
  auto scans = all.add<scan_server_actor>("scan_server", "scan_server", "", on_death::restart, scan_server,
                                          steered.scan_settings, needs.keys, wall_clock(system_wall_ms),
                                          readers["scans"], recorder);
  steered.scan_server = scans;
  present_target_limits targets([now = steered.request_settings] { return now->get().target; });
  auto batch_cfg = batch_settings(cfg);
  if (!batch_cfg) return std::move(batch_cfg.error());
  batch_cfg->target = targets;
  auto batches = all.add_blocking<batch_server_actor>("batch_server", "batch_server", "", on_death::restart,
                                                      batch_server, *batch_cfg, wall_clock(system_wall_ms),
                                                      readers["codes"], out.request_server);
  code_server_config code_cfg;
  code_cfg.public_url = cfg.http.public_url;
  code_cfg.target = targets;
  auto codes =
      all.add<code_server_actor>("code_server", "code_server", "", on_death::restart, code_server, code_cfg,
                                 wall_clock(system_wall_ms), readers["codes"], out.writer, images["get"], scans);
  bulk_server_config bulk_cfg;
  bulk_cfg.public_url = cfg.http.public_url;
  bulk_cfg.gives_way = true;
  auto bulk =
      all.add_blocking<bulk_server_actor>("bulk_server", "bulk_server", "", on_death::restart, bulk_server, bulk_cfg,
                                          wall_clock(system_wall_ms), readers["codes"], readers["bulk"], out.writer);
  auto transfer_cfg = transfer_settings(cfg, needs.dir);
  if (!transfer_cfg) return std::move(transfer_cfg.error());
  transfer_cfg->target = targets;
  transfer_cfg->ours = needs.keys;
  auto transfers = all.add_blocking<transfer_server_actor>(
      "transfer_server", "transfer_server", "", on_death::restart, transfer_server, *transfer_cfg,
      wall_clock(system_wall_ms), transfer_server_handles{readers["codes"], readers["bulk"], out.writer, scans});
  all.add_blocking<caretaker_actor>(
      "caretaker", "caretaker", "", on_death::restart, caretaker, caretaker_config{}, out.writer, readers["codes"],
      images["put"], std::function<caf::error()>([&dir = needs.dir] { return dir.check_held(); }),
      std::function<caf::error(const store_identity&)>(
          [path = needs.dir.path()](const store_identity& store) { return advance_watermark(path, store); }));

  // -- looking in
  auto everyone = [&boss] {
    std::vector<status_actor> actors;
    for (const auto& address : boss.addresses()) actors.push_back(caf::actor_cast<status_actor>(address));
    return actors;
  };
  auto the_inspector = all.add<inspector_actor>("inspector", "inspector", "", on_death::restart, inspector,
                                                inspector_config{cfg.node.name}, needs.registry,
                                                std::function<std::vector<status_actor>()>(everyone));
  admin_server_config admin_cfg;
  admin_cfg.name = "open";
  admin_cfg.node = {cfg.node.name, needs.dir.incarnation(), QRWELL_VERSION, cfg.node.roles, system_wall_ms(), {}};
  admin_cfg.openapi = std::string(openapi_text());
  admin_server_handles admin_handles{readers["codes"],
                                     readers["checks"],
                                     out.writer,
                                     the_inspector,
                                     stockers,
                                     tokens,
                                     [numbers](const inspect_report& report, const std::vector<pool_state>& pools) {
                                       return numbers->render(report, pools);
                                     }};
  auto add_admin = [&] {
    auto settings = std::make_shared<live<admin_server_config>>(admin_cfg);
    auto actor = all.add<admin_server_actor>("admin_server", admin_cfg.name, "", on_death::restart, admin_server,
                                             settings, wall_clock(system_wall_ms), admin_handles);
    steered.admins.emplace_back(actor, settings);
    return actor;
  };
  auto admin = add_admin();
  admin_cfg.name = "operators";
  admin_cfg.operators_listener = true;
  admin_cfg.admin_token = needs.dir.admin_token();
  auto operators = add_admin();

  // -- stocking begins when those live who are told of it: what a pool says first makes a node ready
  std::vector<pool_state_sink> sinks{request_address, admin_address, operators_address};
  for (const auto& pool : cfg.pools) {
    auto stock = stocker_settings(cfg, pool, needs.known, needs.dir);
    if (!stock) return std::move(stock.error());
    all.add<pool_stocker_actor>("pool_stocker", pool.name, pool.name, on_death::restart, pool_stocker, *stock,
                                quotas[pool.app], fetchers[pool.app], out.writer, readers["codes"], images["put"],
                                sinks);
  }

  // -- the doors, last
  http_services services{scans, out.request_server, batches, codes, bulk, transfers, admin};
  if (auto err =
          all.start_frontend("open", needs.listener, http::listener_kind::open, services, recorder, out.frontend))
    return err;
  services.admin = operators;
  if (auto err = all.start_frontend("operators", needs.admin_listener, http::listener_kind::admin, services, recorder,
                                    out.admin_frontend))
    return err;
  steered.front_ends = {out.frontend, out.admin_frontend};
  out.apply = make_apply(sys, boss, needs, std::move(steered));
  return out;
}

} // namespace qrwell
