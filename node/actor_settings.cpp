#include "node/actor_settings.hpp"

#include "node/pool_spec.hpp"

namespace qrwell {
namespace {

template <class Config>
caf::expected<Config> checked(Config cfg) {
  if (auto err = validate(cfg)) return err;
  return cfg;
}

bool has_role(const settings& cfg, std::string_view role) {
  return std::find(cfg.node.roles.begin(), cfg.node.roles.end(), role) != cfg.node.roles.end();
}

bool has_rung(const pool_settings& pool, std::string_view rung) {
  return std::find(pool.on_empty.begin(), pool.on_empty.end(), rung) != pool.on_empty.end();
}

} // namespace

caf::expected<quota_manager_config> quota_settings(const settings& cfg, const app_settings& app, const catalogue& known,
                                                   const data_dir& dir) {
  quota_manager_config out;
  out.app = app.name;
  out.app_id = known.app_ids.at(app.name);
  out.holder = dir.incarnation();
  out.own = dir.predecessors();
  out.per_minute = app.per_minute;
  out.live_reserve = app.live_reserve;
  out.grants_open_max = cfg.limits.grants_open_max;
  return checked(std::move(out));
}

caf::expected<token_keeper_config> token_settings(const settings& cfg, const app_settings& app) {
  token_keeper_config out;
  out.app = app.name;
  out.appid = app.appid;
  out.app_secret = app.secret;
  out.hosts = cfg.wechat.hosts;
  out.call_timeout_ms = cfg.wechat.call_timeout_ms;
  return checked(std::move(out));
}

caf::expected<wechat_fetcher_config> fetcher_settings(const settings& cfg, const app_settings& app) {
  wechat_fetcher_config out;
  out.desk.app = app.name;
  out.desk.hosts = cfg.wechat.hosts;
  out.desk.inflight_max = cfg.wechat.inflight_max;
  out.desk.timeout_max_ms = cfg.wechat.call_timeout_ms;
  out.desk.image_bytes_max = cfg.limits.image_bytes_max;
  return checked(std::move(out));
}

caf::expected<pool_stocker_config> stocker_settings(const settings& cfg, const pool_settings& pool,
                                                    const catalogue& known, const data_dir& dir) {
  const auto& app = *cfg.app(pool.app);
  auto open = parse_windows(pool.windows, pool.timezone);
  if (!open) return std::move(open.error());
  pool_stocker_config out;
  out.pool = pool.name;
  out.app = pool.app;
  out.app_id = known.app_ids.at(pool.app);
  out.spec = spec_of(pool);
  out.gen_id = known.gen_ids.at(pool.name);
  out.low = pool.stock.low;
  out.high = pool.stock.high;
  out.reserve = pool.stock.reserve;
  out.age_out_ms = static_cast<int64_t>(pool.stock.age_out_ms);
  out.open = std::move(*open);
  out.per_minute = app.per_minute;
  out.live_reserve = app.live_reserve;
  out.live_allowed = has_rung(pool, "live") && has_role(cfg, "stock");
  out.link_allowed = has_rung(pool, "link");
  out.incarnation = dir.incarnation();
  out.min_free_bytes = cfg.images.min_free_bytes;
  out.grants_under_way_max = cfg.limits.grants_open_max;
  out.calls_under_way_max = cfg.wechat.inflight_max;
  out.call_timeout_ms = cfg.wechat.call_timeout_ms;
  out.images.image_bytes_max = static_cast<uint32_t>(cfg.limits.image_bytes_max);
  return checked(std::move(out));
}

caf::expected<request_server_config> request_settings(const settings& cfg, std::function<std::string()> mint) {
  request_server_config out;
  out.public_url = cfg.http.public_url;
  out.waiting_max = cfg.limits.persister_waiting_max;
  out.request_deadline_ms = cfg.limits.request_deadline_ms;
  out.live_deadline_ms = cfg.limits.live_deadline_ms;
  out.store_timeout_ms = cfg.limits.db_timeout_ms;
  out.shelf.lots_max = cfg.limits.shelf_lots_max;
  out.mint = std::move(mint);
  for (const auto& pool : cfg.pools) {
    auto& listed = out.on_empty[pool.name];
    if (has_rung(pool, "live")) listed |= rung_live;
    if (!has_rung(pool, "link")) continue;
    listed |= rung_link;
    out.links[pool.name] = {pool.link_prefixes.front(), pool.on_empty.front() == "link", pool.stock.high == 0};
  }
  out.target = {cfg.limits.path_bytes_max, cfg.limits.query_bytes_max, cfg.limits.tags_max, cfg.limits.tag_bytes_max};
  return checked(std::move(out));
}

caf::expected<batch_server_config> batch_settings(const settings& cfg) {
  batch_server_config out;
  out.public_url = cfg.http.public_url;
  out.deadline_ms = cfg.limits.batch_deadline_ms;
  out.item_deadline_ms = cfg.limits.request_deadline_ms;
  out.items_under_way_max = cfg.limits.batch_items_under_way_max;
  out.slice_max = std::min(out.slice_max, out.items_under_way_max);
  out.items_per_s_max = cfg.limits.batch_items_per_s_max;
  return checked(std::move(out));
}

caf::expected<transfer_server_config> transfer_settings(const settings& cfg, const data_dir& dir) {
  const auto& l = cfg.limits;
  transfer_server_config out;
  out.node = cfg.node.name;
  out.admin_token = dir.admin_token();
  out.folder = dir.path() + "/jobs";
  out.min_free_bytes = cfg.images.min_free_bytes;
  out.gives_way = true;
  out.pace.rows_max = l.import_slice_max;
  out.pace.rows_min = std::min(out.pace.rows_min, out.pace.rows_max);
  out.pace.share_percent = l.import_share_percent;
  out.pace.beside_percent = l.import_beside_percent;
  out.import_bytes_max = l.import_bytes_max;
  out.jobs_open_max = l.jobs_open_max;
  out.jobs_kept_max = l.jobs_kept_max;
  out.jobs_kept_for_ms = l.jobs_kept_for_ms;
  out.files_kept_for_ms = l.job_files_kept_ms;
  return checked(std::move(out));
}

caf::expected<binding_persister_config> persister_settings(const settings& cfg, const data_dir& dir) {
  binding_persister_config out;
  out.holder = dir.incarnation();
  out.waiting_max = cfg.limits.persister_waiting_max;
  out.group_max = cfg.limits.group_max;
  out.db_timeout_ms = cfg.limits.db_timeout_ms;
  return checked(std::move(out));
}

caf::expected<scan_server_config> scan_settings(const settings& cfg) {
  scan_server_config out;
  out.cache_entries_max = cfg.limits.cache_entries_max;
  out.max_stale_ms = cfg.limits.max_stale_ms;
  // A phone waits for this: it hears 503 before the front end's own time is over, and tries again.
  out.store_timeout_ms = std::min(out.store_timeout_ms, cfg.limits.db_timeout_ms);
  out.link_prefixes = link_prefixes_of(cfg);
  return checked(std::move(out));
}

std::vector<std::string> link_prefixes_of(const settings& cfg) {
  std::vector<std::string> out;
  for (const auto& pool : cfg.pools) out.insert(out.end(), pool.link_prefixes.begin(), pool.link_prefixes.end());
  return out;
}

caf::expected<scan_recorder_config> recorder_settings(const settings& cfg) {
  scan_recorder_config out;
  out.flush_interval_ms = cfg.limits.scan_flush_ms;
  out.batch_max = cfg.limits.scan_flush_max;
  out.store_timeout_ms = cfg.limits.db_timeout_ms;
  out.waiting_max = std::max<size_t>(out.waiting_max, 2 * out.batch_max);
  return checked(std::move(out));
}

caf::expected<http::trusted_proxies> proxy_settings(const settings& cfg) {
  auto field = cfg.http.forwarded_field == "forwarded" ? http::forwarded_field::forwarded
                                                       : http::forwarded_field::x_forwarded_for;
  return http::trusted_proxies::of(cfg.http.trusted_proxies, field);
}

caf::expected<http_limits> listener_settings(const settings& cfg) {
  http_limits out;
  const auto& limits = cfg.limits;
  out.connections_max = limits.connections_max;
  out.pipelined_max = limits.pipelined_max;
  out.header_bytes_max = static_cast<uint32_t>(limits.header_bytes_max);
  out.body_bytes_max = static_cast<uint32_t>(limits.body_bytes_max);
  out.batch_body_bytes_max = static_cast<uint32_t>(limits.batch_bytes_max);
  out.unsent_bytes_max = static_cast<uint32_t>(limits.unsent_bytes_max);
  out.idle_timeout_ms = limits.idle_timeout_ms;
  out.header_timeout_ms = limits.header_timeout_ms;
  out.body_timeout_ms = limits.body_timeout_ms;
  out.hot_scenes_max = limits.hot_scenes_max;
  out.hot_bytes_max = limits.hot_bytes_max;
  auto& batch = out.classes[static_cast<size_t>(http::request_class::batch)];
  batch.deadline_ms = limits.batch_deadline_ms;
  batch.give_up_after_ms = limits.batch_deadline_ms + 15'000; // items that are under way then end in their own time
  auto& issue = out.classes[static_cast<size_t>(http::request_class::issue)];
  issue.deadline_ms = limits.request_deadline_ms;
  issue.give_up_after_ms = std::max(limits.request_deadline_ms, limits.live_deadline_ms) + 1'000;
  return checked(std::move(out));
}

} // namespace qrwell
