#pragma once

#include "config/settings.hpp"
#include "messages/errors.hpp"
#include "node/prepare_store.hpp"
#include "runtime/stores/sqlite/statement.hpp"

#include <functional>
#include <map>
#include <random>
#include <string>
#include <unordered_map>

namespace qrwell::bench {

struct store_wishes {
  uint64_t codes = 1'000'000, stock = 10'000; ///< all, and how many of them are still in stock
  uint32_t days = 180, owners = 200, seed = 1;
};

/// A generation that codes are made for; of each pool the last one is the current one.
struct made_generation {
  uint32_t gen_id = 0, app_id = 0;
  std::string pool;
};

/// Writes the rows that a node would have written in months, straight into the tables and in the order of their keys:
/// ten million codes in minutes. What a row looks like is decided by the seed alone, but for ids, which are signed with
/// the node's key, and times, which end now.
class store_maker {
public:
  /// `pools`: the generations of each, the oldest first. `made` hears the id and path of every code that resolves.
  store_maker(sqlite::connection& db, const mac_keys& keys, std::map<std::string, std::vector<made_generation>> pools,
              store_wishes want, int64_t now_ms, std::function<void(std::string_view, std::string_view)> made);

  /// Throws sqlite::refusal.
  void write();

private:
  struct lot {
    uint64_t no = 0;
    uint32_t left = 0;
    const made_generation* gen = nullptr;
    size_t pool = 0;
  };
  struct counts {
    uint64_t issued = 0, scanned = 0;
  };

  void write_code(lot& l, uint64_t number);
  void write_bound(const lot& l, uint64_t number, const std::string& id, int64_t stocked_ms);
  void write_lot(const lot& l, bool in_stock, int64_t at_ms);
  void write_minutes();
  void write_stats();
  void write_books();
  lot next_lot(uint64_t number);
  int64_t time_of(uint64_t number) const;
  bool one_in(uint64_t n) { return random_() % n == 0; }
  uint32_t some_owner();
  uint64_t stats_key(int64_t at_ms, size_t pool, uint32_t owner, uint32_t tag, uint32_t launch) const;

  sqlite::connection& db_;
  const mac_keys& keys_;
  std::vector<std::vector<made_generation>> pools_;
  store_wishes want_;
  int64_t now_ms_;
  std::function<void(std::string_view, std::string_view)> made_;
  std::mt19937_64 random_;
  std::vector<double> owner_shares_; ///< summed up
  uint64_t lots_ = 0;
  std::map<uint32_t, uint64_t> images_;                                    ///< by generation
  std::map<std::pair<int64_t, const made_generation*>, uint64_t> minutes_; ///< calls, not yet written
  std::unordered_map<uint64_t, counts> stats_;
};

} // namespace qrwell::bench
