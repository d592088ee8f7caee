#pragma once

#include "actors/batch_server/batch_desk.hpp"
#include "actors/binding_persister/binding_persister.hpp"
#include "actors/http_frontend/http_frontend.hpp"
#include "actors/pool_stocker/pool_stocker.hpp"
#include "actors/quota_manager/quota_manager.hpp"
#include "actors/request_server/request_server.hpp"
#include "actors/scan_recorder/scan_recorder.hpp"
#include "actors/scan_server/scan_server.hpp"
#include "actors/token_keeper/token_keeper.hpp"
#include "actors/transfer_server/transfer_server.hpp"
#include "actors/wechat_fetcher/wechat_fetcher.hpp"
#include "config/settings.hpp"
#include "node/data_dir.hpp"
#include "node/prepare_store.hpp"

namespace qrwell {

// What each actor gets of the configuration: the only place where the two meet. Each result has passed its validate().

caf::expected<quota_manager_config> quota_settings(const settings& cfg, const app_settings& app, const catalogue& known,
                                                   const data_dir& dir);
caf::expected<token_keeper_config> token_settings(const settings& cfg, const app_settings& app);
caf::expected<wechat_fetcher_config> fetcher_settings(const settings& cfg, const app_settings& app);
caf::expected<pool_stocker_config> stocker_settings(const settings& cfg, const pool_settings& pool,
                                                    const catalogue& known, const data_dir& dir);
/// `mint` makes the ids of link codes.
caf::expected<request_server_config> request_settings(const settings& cfg, std::function<std::string()> mint);
caf::expected<batch_server_config> batch_settings(const settings& cfg);
caf::expected<transfer_server_config> transfer_settings(const settings& cfg, const data_dir& dir);
caf::expected<binding_persister_config> persister_settings(const settings& cfg, const data_dir& dir);
caf::expected<scan_server_config> scan_settings(const settings& cfg);
caf::expected<scan_recorder_config> recorder_settings(const settings& cfg);
caf::expected<http_limits> listener_settings(const settings& cfg);
caf::expected<http::trusted_proxies> proxy_settings(const settings& cfg);

/// Of all pools: what is in use and what only resolves.
std::vector<std::string> link_prefixes_of(const settings& cfg);

} // namespace qrwell
