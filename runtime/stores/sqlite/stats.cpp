#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;

// Rows with a tag count again what the rows without one have counted: a sum is over the ones or the others.
constexpr sql stats_of_hours{"stats_of_hours", "SELECT hour, pool, owner, tag, launch, issued, scanned FROM stats_hour "
                                               "WHERE hour >= ? AND hour < ? AND (tag <> '') = ?"};
constexpr sql audit_before{
    "audit_before", "SELECT at_ms, node, actor, action, doc FROM audit WHERE at_ms < ? ORDER BY at_ms DESC, node DESC, "
                    "seq DESC"};

int64_t hours_up(int64_t ms) {
  return (ms + hour_ms - 1) / hour_ms;
}

} // namespace

caf::expected<stats_rows> sqlite_code_store::stats(const stats_query& query) {
  return read([&]() -> stats_rows {
    auto with_tags = !query.tag.empty() || (query.by & stats_by_tag) != 0;
    using sum_key = std::tuple<int64_t, std::string, std::string, std::string, uint32_t>;
    std::map<sum_key, std::pair<uint64_t, uint64_t>> sums;
    stats_rows out;
    auto row = db_->use(stats_of_hours);
    row.arg(query.from_ms / hour_ms).arg(hours_up(query.to_ms)).arg(with_tags);
    while (row.step()) {
      auto pool = row.view(1), owner = row.view(2), tag = row.view(3);
      if (!query.owner.empty() && owner != query.owner) continue;
      if (!query.tag.empty() && tag != query.tag) continue;
      if (!query.pools.empty() && std::find(query.pools.begin(), query.pools.end(), pool) == query.pools.end())
        continue;
      auto at = row.integer(0) * hour_ms;
      auto by = [&](uint8_t bit) { return (query.by & bit) != 0; };
      auto time = by(stats_by_hour) ? at : by(stats_by_day) ? at / day_ms * day_ms : 0;
      sum_key key{time, by(stats_by_pool) ? std::string(pool) : "", by(stats_by_owner) ? std::string(owner) : "",
                  by(stats_by_tag) ? std::string(tag) : "", by(stats_by_launch) ? row.as<uint32_t>(4) : 0};
      auto found = sums.find(key);
      if (found == sums.end()) {
        // What is left out is left out whole: the sums that are shown go on to the end.
        if (sums.size() >= query.rows_max) {
          out.cut = true;
          continue;
        }
        found = sums.emplace(std::move(key), std::pair<uint64_t, uint64_t>{}).first;
      }
      found->second.first += row.as<uint64_t>(5);
      found->second.second += row.as<uint64_t>(6);
    }
    for (auto& [key, sum] : sums) {
      auto& [time, pool, owner, tag, launch] = key;
      out.rows.push_back({time, pool, owner, tag, launch, sum.first, sum.second});
    }
    return out;
  });
}

caf::expected<audit_entries> sqlite_code_store::audit_log(const audit_query& query) {
  return read([&] {
    audit_entries out;
    auto row = db_->use(audit_before);
    row.arg(query.before_ms ? query.before_ms : clock_.wall_ms() + 1);
    while (row.step()) {
      // The next page begins before a millisecond: nothing of it may stay behind.
      if (out.entries.size() >= query.limit && (query.limit == 0 || row.integer(0) != out.entries.back().at_ms)) break;
      out.entries.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4)});
    }
    return out;
  });
}

caf::expected<void> sqlite_code_store::put_audit(const audit_put& put) {
  return write([&] { audit(put.actor, put.action, put.doc); });
}

} // namespace qrwell
