#pragma once

#include "config/settings.hpp"
#include "node/prepare_store.hpp"
#include "runtime/stores/code_store.hpp"

#include <functional>
#include <memory>
#include <random>

namespace qrwell::bench {

/// Milliseconds between two calls that leave a twentieth of the limit unused in every minute.
constexpr double made_up_ms_per_call(uint32_t per_minute) {
  return 60'000 / (0.95 * per_minute);
}

/// A wall clock that a maker moves: what is made in seconds gets the times that it would have had, so that no minute of
/// the ledger has more calls than the limit (promise P3, which `qrwell verify` checks).
struct made_up_time {
  double unix_ms = 0;
  store_clock clock();
};

/// Fills a store as the quota_manager, the stocker and the persister of a node would, without calls to WeChat: grants
/// are opened and closed, lots filled, codes bound, all through the code_store's interface, so the books balance.
/// Owners, targets and sizes come from the seed; ids are genuine, and so differ from run to run. There are no images:
/// a code's image is a 404.
class stock_maker {
public:
  stock_maker(code_store& store, made_up_time& time, const mac_keys& keys, std::string holder, const app_settings& app,
              uint32_t app_id, const pool_settings& pool, uint32_t gen_id, uint64_t seed);

  /// `own`: the incarnations that had this data directory before.
  caf::error take_lease(const std::vector<std::string>& own);
  caf::error stock(uint64_t codes);

  /// Binds codes that are in stock. `made` hears the id and path of each.
  caf::error bind(uint64_t codes, const std::function<void(std::string_view id, std::string_view path)>& made);

private:
  caf::error stock_some(uint64_t codes);
  bind_request target_for(std::string id, uint64_t lot_no);

  code_store& store_;
  made_up_time& time_;
  const mac_keys& keys_;
  std::string holder_, lease_;
  uint32_t app_id_, gen_id_;
  std::string pool_;
  double ms_per_call_;
  std::mt19937_64 random_;
  uint64_t seed_, epoch_ = 0, seq_ = 0, bound_ = 0;
};

} // namespace qrwell::bench
