// Makes the store of a node that has been at work for months: codes of several owners with tags, expiry, revocations,
// history, keys and scans, over every pool of the configuration and several generations of each. Rows are written
// straight into the tables, ten million in minutes; `qrwell verify` finds nothing wrong after. All codes say that they
// have the same image, and no image is there: it is a 404. Prints one line of JSON.
//   make_store -c FILE [--codes N] [--stock N] [--days N] [--owners N] [--generations N] [--ids FILE] [--seed N]
// The store must be new. --ids FILE: a line "ID PATH" of every bound code, as qrload reads them.
// `make_stock` fills a store through its interface instead, on top of what is there.

#include "tests/bench/make_store/store_maker.hpp"

#include "config/loader.hpp"
#include "node/data_dir.hpp"
#include "node/open_store.hpp"
#include "node/pool_spec.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/ids/hash.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace {

using namespace qrwell;

struct wishes {
  std::string config, ids_file;
  uint32_t generations = 3;
  bench::store_wishes store;
};

constexpr sqlite::sql count_codes{"count_codes", "SELECT count(*) FROM (SELECT 1 FROM codes LIMIT 1)"};

caf::error check(const wishes& want, const settings& cfg) {
  const auto& w = want.store;
  if (cfg.pools.empty() || cfg.store.sqlite.empty())
    return fail(ec::invalid_config, want.config + " has no pool, or a store that is not SQLite's");
  if (w.stock > w.codes) return fail(ec::invalid_config, "--stock: cannot be more than --codes");
  for (const auto& app : cfg.apps)
    if (static_cast<double>(w.codes) / (w.days * 1'440.0) > 0.9 * app.per_minute)
      return fail(ec::invalid_config, fmt::format("{} codes in {} days are more than {} a minute: more --days", w.codes,
                                                  w.days, app.per_minute));
  return {};
}

// The generations that each pool had before its present one differ from it in their width.
caf::expected<std::map<std::string, std::vector<bench::made_generation>>>
make_generations(code_store& store, const settings& cfg, const catalogue& known, uint32_t count) {
  std::map<std::string, std::vector<bench::made_generation>> out;
  for (const auto& pool : cfg.pools) {
    auto app_id = known.app_ids.at(pool.app);
    for (uint32_t n = 1; n < count; ++n) {
      auto spec = spec_of(pool);
      spec.width = spec.width > 640 ? spec.width - n : spec.width + n;
      auto text = spec_text(spec);
      auto made = store.ensure_generation(pool.name, app_id, text, sha256(text));
      if (!made) return made.error();
      out[pool.name].push_back({made->gen_id, app_id, pool.name});
    }
    out[pool.name].push_back({known.gen_ids.at(pool.name), app_id, pool.name});
  }
  return out;
}

caf::error make(const wishes& want) {
  auto begun = std::chrono::steady_clock::now();
  auto cfg = load_settings(want.config);
  if (!cfg) return cfg.error();
  if (auto err = check(want, *cfg)) return err;
  auto dir = data_dir::open(cfg->node.data_dir, cfg->node.name);
  if (!dir) return dir.error();
  auto store = open_store_for_node(*cfg, *dir);
  if (!store) return store.error();
  auto prepared = prepare_store(**store, *cfg, *dir);
  if (!prepared) return prepared.error();
  auto generations = make_generations(**store, *cfg, prepared->known, want.generations);
  if (!generations) return generations.error();
  store->reset();

  std::ofstream ids;
  if (!want.ids_file.empty()) ids.open(want.ids_file);
  auto db = sqlite::connection::open(cfg->store.sqlite, sqlite::access::write, 0, 1024 * 1024);
  if (!db) return db.error();
  uint64_t bound = 0;
  try {
    if (auto row = (*db)->use(count_codes); row.step() && row.integer(0) > 0)
      return fail(ec::conflict, cfg->store.sqlite + " has codes: name a store that is not there yet");
    // Nobody else is there, and a maker that is killed leaves nothing that is worth keeping.
    (*db)->execute("settings", "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; "
                               "UPDATE generations SET state = 3 WHERE gen_id NOT IN (SELECT gen_id FROM pools)");
    bench::store_maker maker(**db, prepared->keys, std::move(*generations), want.store, system_wall_ms(),
                             [&](auto id, auto path) {
                               ++bound;
                               if (ids.is_open()) ids << id << ' ' << path << '\n';
                             });
    maker.write();
    (*db)->execute("settings", "PRAGMA locking_mode=NORMAL; PRAGMA journal_mode=WAL");
  } catch (const sqlite::refusal& r) {
    return r.error;
  }
  db->reset();
  ids.close();
  if (!want.ids_file.empty() && !ids) return fail(ec::invalid_config, "cannot write " + want.ids_file);
  fmt::print("{{\"codes\":{},\"stocked\":{},\"bound\":{},\"made_s\":{:.2f},\"store_bytes\":{}}}\n", want.store.codes,
             want.store.stock, bound, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
             std::filesystem::file_size(cfg->store.sqlite));
  return {};
}

} // namespace

int main(int argc, char** argv) {
  wishes want;
  CLI::App app("Makes the store of a node that has been at work for months.");
  app.add_option("-c,--config", want.config, "the node's configuration")->required();
  app.add_option("--codes", want.store.codes, "codes to make")->check(CLI::Range(1, 100'000'000));
  app.add_option("--stock", want.store.stock, "how many of them are in stock")->check(CLI::Range(0, 100'000'000));
  app.add_option("--days", want.store.days, "over how many days, until now")->check(CLI::Range(1, 1'000));
  app.add_option("--owners", want.store.owners, "owners; each has less than the one before")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--generations", want.generations, "generations that each pool has had")->check(CLI::Range(1, 20));
  app.add_option("--ids", want.ids_file, "where to write the ids that can be scanned, and their paths");
  app.add_option("--seed", want.store.seed, "of everything but ids and times");
  CLI11_PARSE(app, argc, argv);
  try {
    if (auto err = make(want)) {
      fmt::print(stderr, "make_store: {}\n", render(err));
      return 1;
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "make_store: {}\n", e.what());
    return 1;
  }
  return 0;
}
