// Fills the store of a node that is not running, in seconds, with what would take hours of WeChat's quota: a stock to
// measure with. Prints one line of JSON. Holds the data directory meanwhile; `qrwell verify` finds nothing wrong after,
// unless many codes are made twice on one day: both times end two minutes ago, and the ledger adds their minutes up.
//   make_stock -c FILE [--pool NAME] [--stock N] [--bound N [--ids FILE]] [--seed N]
// --ids FILE: a line "ID PATH" of every bound code, as qrload reads them.

#include "tests/bench/make_stock/stock_maker.hpp"

#include "config/loader.hpp"
#include "node/data_dir.hpp"
#include "node/open_store.hpp"
#include "runtime/core/clock.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace {

using namespace qrwell;

struct wishes {
  std::string config, pool = "default", ids_file;
  uint64_t stock = 400'000, bound = 0, seed = 1;
};

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

caf::error make(const wishes& want) {
  auto cfg = load_settings(want.config);
  if (!cfg) return cfg.error();
  const auto* pool = cfg->pool(want.pool);
  if (!pool) return fail(ec::invalid_config, want.config + " has no pool " + want.pool);
  const auto* app = cfg->app(pool->app);
  auto dir = data_dir::open(cfg->node.data_dir, cfg->node.name);
  if (!dir) return dir.error();

  // Ends two minutes ago, so that the node's own calls fall into minutes of their own.
  auto codes = want.stock + want.bound;
  bench::made_up_time time{static_cast<double>(system_wall_ms()) - 120'000 -
                           static_cast<double>(codes) * bench::made_up_ms_per_call(app->per_minute)};
  auto store = open_store_for_node(*cfg, *dir, time.clock());
  if (!store) return store.error();
  auto prepared = prepare_store(**store, *cfg, *dir);
  if (!prepared) return prepared.error();
  const auto& known = prepared->known;

  bench::stock_maker maker(**store, time, prepared->keys, dir->incarnation(), *app, known.app_ids.at(app->name), *pool,
                           known.gen_ids.at(pool->name), want.seed);
  std::ofstream ids;
  if (!want.ids_file.empty()) ids.open(want.ids_file);
  auto begun = std::chrono::steady_clock::now();
  if (auto err = maker.take_lease(dir->predecessors())) return err;
  if (auto err = maker.stock(codes)) return err;
  auto stock_s = seconds_since(begun);
  begun = std::chrono::steady_clock::now();
  if (auto err = maker.bind(want.bound, [&](auto id, auto path) { ids << id << ' ' << path << '\n'; })) return err;
  auto bind_s = seconds_since(begun);
  ids.close();
  if (!want.ids_file.empty() && !ids) return fail(ec::invalid_config, "cannot write " + want.ids_file);
  store->reset();
  fmt::print(R"({{"stocked":{},"bound":{},"stock_s":{:.2f},"bind_s":{:.2f},"store_bytes":{}}})"
             "\n",
             want.stock, want.bound, stock_s, bind_s, std::filesystem::file_size(cfg->store.sqlite));
  return {};
}

} // namespace

int main(int argc, char** argv) {
  wishes want;
  CLI::App app("Fills the store of a node that is not running.");
  app.add_option("-c,--config", want.config, "the node's configuration")->required();
  app.add_option("--pool", want.pool, "the pool to fill");
  app.add_option("--stock", want.stock, "codes to leave in stock")->check(CLI::Range(0, 100'000'000));
  app.add_option("--bound", want.bound, "codes to bind besides")->check(CLI::Range(0, 100'000'000));
  app.add_option("--ids", want.ids_file, "where to write the bound ids and their paths");
  app.add_option("--seed", want.seed, "of targets and sizes");
  CLI11_PARSE(app, argc, argv);
  try {
    if (auto err = make(want)) {
      fmt::print(stderr, "make_stock: {}\n", render(err));
      return 1;
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "make_stock: {}\n", e.what());
    return 1;
  }
  return 0;
}
