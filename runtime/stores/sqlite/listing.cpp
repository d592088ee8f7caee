#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>

namespace qrwell {

using namespace sqlite;

namespace {

// What one page may cost: rows looked at, places where rows are looked for, and time, since a row that nobody has read
// for long comes from the disk.
constexpr size_t looked_max = 2'000, sources_max = 1'000;
constexpr std::chrono::milliseconds looking_max{40};

// Every list is read from an index of (owner, generation, time), or of all owners' (generation, time), so that neither
// a large neighbour nor a time long ago costs anything. One statement per index; the newest rows of a place before a
// cursor.
constexpr sql bound_before{"bound_before",
                           "SELECT bound_ms, id FROM codes WHERE owner = ? AND gen_id = ? AND bound_ms IS NOT NULL AND "
                           "bound_ms >= ? AND (bound_ms, id) < (?, ?) ORDER BY bound_ms DESC, id DESC LIMIT ?"};
constexpr sql revoked_before{"revoked_before",
                             "SELECT bound_ms, id FROM codes WHERE owner = ? AND gen_id = ? AND state = 3 AND "
                             "bound_ms >= ? AND (bound_ms, id) < (?, ?) ORDER BY bound_ms DESC, id DESC LIMIT ?"};
constexpr sql expired_before{"expired_before",
                             "SELECT expires_ms, id FROM codes WHERE owner = ? AND gen_id = ? AND expires_ms IS NOT "
                             "NULL AND expires_ms >= ? AND (expires_ms, id) < (?, ?) ORDER BY expires_ms DESC, id DESC "
                             "LIMIT ?"};
constexpr sql all_bound_before{"all_bound_before",
                               "SELECT bound_ms, id FROM codes WHERE gen_id = ? AND bound_ms IS NOT NULL AND bound_ms "
                               ">= ? AND (bound_ms, id) < (?, ?) ORDER BY bound_ms DESC, id DESC LIMIT ?"};
constexpr sql all_revoked_before{"all_revoked_before",
                                 "SELECT bound_ms, id FROM codes WHERE gen_id = ? AND state = 3 AND bound_ms >= ? AND "
                                 "(bound_ms, id) < (?, ?) ORDER BY bound_ms DESC, id DESC LIMIT ?"};
constexpr sql all_expired_before{
    "all_expired_before", "SELECT expires_ms, id FROM codes WHERE gen_id = ? AND expires_ms IS NOT NULL AND "
                          "expires_ms >= ? AND (expires_ms, id) < (?, ?) ORDER BY expires_ms DESC, id DESC LIMIT ?"};
constexpr sql tagged_before{"tagged_before",
                            "SELECT bound_ms, id FROM code_tags WHERE owner = ? AND tag = ? AND bound_ms >= ? AND "
                            "(bound_ms, id) < (?, ?) ORDER BY bound_ms DESC, id DESC LIMIT ?"};
constexpr sql next_tag_owner{"next_tag_owner", "SELECT min(owner) FROM code_tags WHERE owner > ?"};
constexpr sql list_generations{"list_generations", "SELECT gen_id, pool FROM generations ORDER BY gen_id"};

bool among(const std::vector<std::string>& some, std::string_view one) {
  return some.empty() || std::find(some.begin(), some.end(), one) != some.end();
}

struct place {
  int64_t at_ms = 0;
  std::string id;

  friend bool operator<(const place& a, const place& b) { return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.id < b.id; }
};

/// One run of an index, read in small steps from the newest on.
struct source {
  const sql* index;
  std::string owner, tag; ///< tag: of tagged_before, which has no generation; owner: empty where the index has none
  uint32_t gen_id = 0;
  place before{};
  bool ended = false;
  std::deque<place> rows{};
};

/// Merges the sources of one list, the newest row first. Lives within one read transaction.
class list_reader {
public:
  list_reader(connection& db, const code_list& query, int64_t now_ms)
      : db_(db)
      , query_(query) {
    // What ended is listed by its end, and what it was bound at is looked at row by row.
    auto by_end = query.state == list_state::expired && query.tag.empty();
    oldest_ms_ = by_end ? 0 : query.from_ms;
    place newest{by_end ? now_ms + 1 : query.to_ms ? query.to_ms : std::numeric_limits<int64_t>::max(), ""};
    if (place cursor{query.after_ms, query.after_id}; !cursor.id.empty() && cursor < newest) newest = cursor;
    if (query.tag.empty())
      add_generations(newest);
    else
      for (auto& owner : tag_owners()) add({&tagged_before, owner, query.tag}, newest);
    step_ = std::clamp<size_t>(2 * query.limit / std::max<size_t>(1, sources_.size()), 8, query.limit + 1);
  }

  std::optional<place> next() {
    source* newest = nullptr;
    for (auto& s : sources_) {
      if (s.rows.empty() && !s.ended) refill(s);
      if (!s.rows.empty() && (!newest || newest->rows.front() < s.rows.front())) newest = &s;
    }
    if (!newest) return std::nullopt;
    auto out = std::move(newest->rows.front());
    newest->rows.pop_front();
    return out;
  }

private:
  // By leaps over the index: as many steps as there are owners.
  std::vector<std::string> tag_owners() {
    if (!query_.owner.empty()) return {query_.owner};
    std::vector<std::string> out;
    for (std::string last; out.size() <= sources_max; out.push_back(last)) {
      auto row = db_.use(next_tag_owner);
      if (!row.arg(last).step() || row.is_null(0)) break;
      last = row.text(0);
    }
    return out;
  }

  void add_generations(const place& newest) {
    auto all = query_.owner.empty();
    const auto& index = query_.state == list_state::revoked   ? all ? all_revoked_before : revoked_before
                        : query_.state == list_state::expired ? all ? all_expired_before : expired_before
                        : all                                 ? all_bound_before
                                                              : bound_before;
    std::vector<uint32_t> gens;
    {
      auto row = db_.use(list_generations);
      while (row.step())
        if (among(query_.pools, row.view(1))) gens.push_back(row.as<uint32_t>(0));
    }
    for (auto gen_id : gens) add({&index, query_.owner, "", gen_id}, newest);
  }

  void add(source s, const place& newest) {
    if (sources_.size() >= sources_max)
      throw refusal{
          fail(ec::invalid_request, query_.tag.empty()
                                        ? "this list would have to look into more than 1,000 generations: name a pool"
                                        : "this list would have to look into more than 1,000 owners: name one")};
    s.before = newest;
    sources_.push_back(std::move(s));
  }

  void refill(source& s) {
    auto rows = db_.use(*s.index);
    if (!s.owner.empty()) rows.arg(s.owner);
    if (s.tag.empty())
      rows.arg(s.gen_id);
    else
      rows.arg(s.tag);
    rows.arg(oldest_ms_).arg(s.before.at_ms).arg(s.before.id).arg(step_);
    size_t seen = 0;
    for (; rows.step(); ++seen) s.rows.push_back({rows.integer(0), rows.text(1)});
    if (seen > 0) s.before = s.rows.back();
    s.ended = seen < step_;
  }

  connection& db_;
  const code_list& query_;
  int64_t oldest_ms_ = 0;
  size_t step_ = 0;
  std::vector<source> sources_;
};

/// What no index has looked at yet.
bool shows(const code_list& query, const code_view& code, int64_t now_ms) {
  auto ended = code.state == code_state::bound && code.expires_ms != 0 && code.expires_ms <= now_ms;
  auto fits = query.state == list_state::any ||
              (query.state == list_state::bound && code.state == code_state::bound && !ended) ||
              (query.state == list_state::expired && ended) ||
              (query.state == list_state::revoked && code.state == code_state::revoked);
  return fits && among(query.pools, code.pool) && code.bound_ms >= query.from_ms &&
         (query.to_ms == 0 || code.bound_ms < query.to_ms);
}

} // namespace

caf::expected<code_page> sqlite_code_store::list(const code_list& query) {
  return read([&] {
    code_page out;
    out.now_ms = clock_.wall_ms();
    list_reader reader{*db_, query, out.now_ms};
    auto until = std::chrono::steady_clock::now() + looking_max;
    for (size_t looked = 0; out.codes.size() < query.limit && looked < looked_max; ++looked) {
      // One row at least, so that every page goes on.
      if (looked > 0 && std::chrono::steady_clock::now() > until) break;
      auto at = reader.next();
      if (!at) return out;
      out.after_ms = at->at_ms;
      out.after_id = at->id;
      auto code = read_code(at->id);
      if (code && shows(query, *code, out.now_ms)) out.codes.push_back(std::move(*code));
    }
    out.more = reader.next().has_value();
    return out;
  });
}

} // namespace qrwell
