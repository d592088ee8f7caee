#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms, hours_of_day = 24;

// What one answer may cost, in tenths of a microsecond: a row that SQLite adds up, one that is grouped here, and the
// look for the next owner or tag.
constexpr size_t cost_max = 1'000'000, added_cost = 1, grouped_cost = 5, leap_cost = 100;

// Each reads one run of the key: one owner ('' is all of them, without tags), one tag ('' is everything), some time.
constexpr sql stats_of_hours{"stats_of_hours", "SELECT hour, pool, launch, issued, scanned FROM stats_hour WHERE owner "
                                               "= ? AND tag = ? AND hour >= ? AND hour < ? ORDER BY hour"};
constexpr sql stats_of_days{"stats_of_days", "SELECT day, pool, launch, issued, scanned FROM stats_day WHERE owner = ? "
                                             "AND tag = ? AND day >= ? AND day < ? ORDER BY day"};
constexpr sql sum_of_hours{"sum_of_hours", "SELECT count(*), sum(issued), sum(scanned) FROM stats_hour WHERE owner = ? "
                                           "AND tag = ? AND hour >= ? AND hour < ?"};
constexpr sql sum_of_days{"sum_of_days",
                          "SELECT count(*), sum(issued), sum(scanned) FROM stats_day WHERE owner = ? AND "
                          "tag = ? AND day >= ? AND day < ?"};
constexpr sql next_counted_owner{"next_counted_owner", "SELECT min(owner) FROM stats_day WHERE owner > ?"};
constexpr sql next_counted_tag{"next_counted_tag", "SELECT min(tag) FROM stats_day WHERE owner = ? AND tag > ?"};

constexpr sql audit_before{
    "audit_before", "SELECT at_ms, node, actor, action, doc FROM audit WHERE at_ms < ? ORDER BY at_ms DESC, node DESC, "
                    "seq DESC"};

struct table {
  const sql &rows, &sum;
  int64_t unit_ms;
};
constexpr table hours{stats_of_hours, sum_of_hours, hour_ms}, days{stats_of_days, sum_of_days, day_ms};

/// Adds up what one query asks for. Lives within one read transaction.
class stats_reader {
public:
  stats_reader(connection& db, const stats_query& query)
      : db_(db)
      , query_(query) {}

  stats_rows read() {
    auto each_owner = by(stats_by_owner) || by(stats_by_tag) || !query_.tag.empty();
    if (!query_.owner.empty())
      read_owner(query_.owner);
    else if (!each_owner)
      read_owner("");
    else
      for (auto owner = next(next_counted_owner, {""}); owner && !done_; owner = next(next_counted_owner, {*owner}))
        read_owner(*owner);
    stats_rows out;
    out.cut = cut_;
    for (auto& [key, sum] : sums_) {
      auto& [time, pool, owner, tag, launch] = key;
      out.rows.push_back({time, pool, owner, tag, launch, sum.first, sum.second});
    }
    return out;
  }

private:
  using sum_key = std::tuple<int64_t, std::string, std::string, std::string, uint32_t>;

  bool by(uint8_t bit) const { return (query_.by & bit) != 0; }

  void spend(size_t cost) {
    spent_ += cost;
    if (spent_ > cost_max)
      throw refusal{fail(ec::invalid_request, "from: these sums would have to be added up from too many rows: ask for "
                                              "less time, for one owner or for one tag")};
  }

  /// By leaps over the key: as many steps as there are owners, or tags of one.
  std::optional<std::string> next(const sql& leap, std::vector<std::string> after) {
    spend(leap_cost);
    auto row = db_.use(leap);
    for (auto& text : after) row.arg(text);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return row.text(0);
  }

  void read_owner(const std::string& owner) {
    if (!query_.tag.empty() || !by(stats_by_tag)) return read_tag(owner, query_.tag);
    for (auto tag = next(next_counted_tag, {owner, ""}); tag && !done_; tag = next(next_counted_tag, {owner, *tag}))
      read_tag(owner, *tag);
  }

  /// Whole days from their sums, what is left at both ends from those of hours.
  void read_tag(const std::string& owner, const std::string& tag) {
    spend(leap_cost);
    // Each owner and tag has sums of its own then: once no more are shown, neither this one nor a later one adds any.
    done_on_new_ = sums_.size() >= query_.rows_max && (by(stats_by_owner) || !query_.owner.empty());
    auto from = query_.from_ms / hour_ms, to = (query_.to_ms + hour_ms - 1) / hour_ms;
    auto first_day = (from + hours_of_day - 1) / hours_of_day, end_day = to / hours_of_day;
    if (by(stats_by_hour) || first_day >= end_day) return read_run(hours, owner, tag, from, to);
    read_run(hours, owner, tag, from, first_day * hours_of_day);
    read_run(days, owner, tag, first_day, end_day);
    read_run(hours, owner, tag, end_day * hours_of_day, to);
  }

  void read_run(const table& from_table, const std::string& owner, const std::string& tag, int64_t from, int64_t to) {
    if (from >= to || done_) return;
    // Nothing but the owner and the tag tells the sums apart: SQLite adds up five times as fast.
    auto at_once =
        query_.pools.empty() && (query_.by & (stats_by_pool | stats_by_launch | stats_by_hour | stats_by_day)) == 0;
    auto row = db_.use(at_once ? from_table.sum : from_table.rows);
    row.arg(owner).arg(tag).arg(from).arg(to);
    if (at_once) {
      row.step();
      spend(added_cost * row.as<size_t>(0));
      if (row.integer(0) > 0) add(0, "", owner, tag, 0, row.as<uint64_t>(1), row.as<uint64_t>(2));
      return;
    }
    while (row.step()) {
      spend(grouped_cost);
      auto pool = row.view(1);
      if (!query_.pools.empty() && std::find(query_.pools.begin(), query_.pools.end(), pool) == query_.pools.end())
        continue;
      if (!add(row.integer(0) * from_table.unit_ms, pool, owner, tag, row.as<uint32_t>(2), row.as<uint64_t>(3),
               row.as<uint64_t>(4)))
        return;
    }
  }

  /// False: nothing that comes later in this run belongs to a sum that is shown.
  bool add(int64_t at_ms, std::string_view pool, const std::string& owner, const std::string& tag, uint32_t launch,
           uint64_t issued, uint64_t scanned) {
    auto time = by(stats_by_hour) ? at_ms : by(stats_by_day) ? at_ms / day_ms * day_ms : 0;
    sum_key key{time, by(stats_by_pool) ? std::string(pool) : "", by(stats_by_owner) ? owner : "",
                by(stats_by_tag) ? tag : "", by(stats_by_launch) ? launch : 0};
    auto found = sums_.find(key);
    if (found == sums_.end()) {
      // What is left out is left out whole: the sums that are shown go on to the end.
      if (sums_.size() >= query_.rows_max) {
        cut_ = true;
        done_ = done_on_new_;
        return !done_ && !sums_.empty() && time <= std::get<0>(sums_.rbegin()->first);
      }
      found = sums_.emplace(std::move(key), std::pair<uint64_t, uint64_t>{}).first;
    }
    found->second.first += issued;
    found->second.second += scanned;
    return true;
  }

  connection& db_;
  const stats_query& query_;
  std::map<sum_key, std::pair<uint64_t, uint64_t>> sums_;
  size_t spent_ = 0;
  bool cut_ = false, done_ = false, done_on_new_ = false;
};

} // namespace

caf::expected<stats_rows> sqlite_code_store::stats(const stats_query& query) {
  return read([&] { return stats_reader{*db_, query}.read(); });
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
