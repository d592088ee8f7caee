#include "tests/bench/make_store/store_maker.hpp"

#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell::bench {

using sqlite::sql;

namespace {

constexpr int64_t minute_ms = 60'000, hour_ms = 3'600'000, day_ms = 24 * hour_ms;
constexpr uint32_t lot_size = 250, tags_of_agents = 100;
constexpr uint32_t no_tag = 0, common_tag = 1, rare_tag = 2, first_agent_tag = 3;
constexpr int launches[] = {0, 1011, 1047, 1048, 1089};

constexpr sql put_code{
    "put_code", "INSERT INTO codes(id, gen_id, kind, state, version, lot_no, stocked_ms, fetched_ms, bound_ms, "
                "expires_ms, changed_ms, epoch, grant_seq, reason, image_fmt, image_len, image_sha, bind_nonce, owner, "
                "path, query, tags) VALUES(?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 'jpeg', 31000, ?, ?, ?, ?, ?, ?)"};
constexpr sql put_history{"put_history", "INSERT INTO history(id, version, op, at_ms, actor, request_id, doc) "
                                         "VALUES(?, ?, ?, ?, 'key:made', ?, ?)"};
constexpr sql put_tag{"put_tag", "INSERT INTO code_tags(owner, tag, bound_ms, id) VALUES(?, ?, ?, ?)"};
constexpr sql put_key{"put_key", "INSERT INTO idem(owner, k, body_hash, id, nonce, at_ms) VALUES(?, ?, ?, ?, ?, ?)"};
constexpr sql put_scans{"put_scans", "INSERT INTO scan_counts(id, day, launch, n) VALUES(?, ?, ?, ?)"};
constexpr sql put_lot{"put_lot", "INSERT INTO lots(lot_no, gen_id, n, state, begun_ms, ready_ms, ended_ms) "
                                 "VALUES(?, ?, ?, ?, ?, ?, ?)"};
constexpr sql put_minute{"put_minute", "INSERT INTO ledger(app_id, gen_id, minute, node, class, outcome, n) "
                                       "VALUES(?, ?, ?, 'n1', 1, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql put_book{"put_book", "INSERT INTO books(gen_id, outcome, n) VALUES(?, ?, ?)"};
constexpr sql put_stats{"put_stats", "INSERT INTO stats_hour(owner, tag, hour, pool, launch, node, issued, scanned) "
                                     "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql set_lots{"set_lots", "UPDATE leases SET seq = ? WHERE name = 'lots'"};
constexpr sql set_seq{"set_seq", "UPDATE meta SET v = v + ? WHERE k = 'commit_seq'"};

std::string owner_name(uint32_t n) {
  return fmt::format("owner-{:03}", n);
}

std::string tag_name(uint32_t n) {
  return n == no_tag       ? ""
         : n == common_tag ? "common"
         : n == rare_tag   ? "rare"
                           : fmt::format("agent-{:03}", n - first_agent_tag);
}

} // namespace

store_maker::store_maker(sqlite::connection& db, const mac_keys& keys,
                         std::map<std::string, std::vector<made_generation>> pools, store_wishes want, int64_t now_ms,
                         std::function<void(std::string_view, std::string_view)> made)
    : db_(db)
    , keys_(keys)
    , want_(want)
    , now_ms_(now_ms)
    , made_(std::move(made))
    , random_(want.seed) {
  for (auto& [name, generations] : pools) pools_.push_back(std::move(generations));
  double sum = 0;
  for (uint32_t n = 0; n < want.owners; ++n) owner_shares_.push_back(sum += 1.0 / (n + 1));
}

// The last code was made two minutes ago: what a node does now falls into minutes of its own.
int64_t store_maker::time_of(uint64_t number) const {
  auto share = static_cast<double>(number) / static_cast<double>(want_.codes);
  return now_ms_ - 2 * minute_ms - static_cast<int64_t>((1 - share) * want_.days * static_cast<double>(day_ms));
}

void store_maker::write() {
  auto kept = want_.codes - want_.stock;
  db_.execute("begin", "BEGIN");
  for (uint64_t number = 0; number < want_.codes;) {
    auto l = next_lot(number);
    // A lot is all in stock or all handed out.
    auto end = std::min<uint64_t>(number + lot_size, number < kept ? kept : want_.codes);
    l.left = static_cast<uint32_t>(end - number);
    write_lot(l, number >= kept, time_of(number));
    for (; number < end; ++number) write_code(l, number);
    if (minutes_.size() > 10'000) write_minutes();
  }
  write_minutes();
  write_stats();
  write_books();
  db_.use(set_lots).arg(lots_).run();
  db_.use(set_seq).arg(want_.codes / lot_size + 1).run();
  db_.execute("commit", "COMMIT");
}

/// Every pool has had its generations one after the other; what is in stock is of the current ones.
store_maker::lot store_maker::next_lot(uint64_t number) {
  lot out;
  out.no = ++lots_;
  // The first pool gives every other code.
  out.pool = one_in(2) ? 0 : random_() % pools_.size();
  auto& generations = pools_[out.pool];
  auto at = number >= want_.codes - want_.stock ? generations.size() - 1 : generations.size() * number / want_.codes;
  out.gen = &generations[at];
  return out;
}

void store_maker::write_lot(const lot& l, bool in_stock, int64_t at_ms) {
  // As the node does: lots that ended a week ago are gone.
  if (!in_stock && at_ms < now_ms_ - 6 * day_ms) return;
  auto put = db_.use(put_lot);
  put.arg(l.no).arg(l.gen->gen_id).arg(l.left).arg(in_stock ? 2 : 4).arg(at_ms).arg(at_ms);
  put.arg_or_null(in_stock ? int64_t{0} : at_ms + 1).run();
}

uint32_t store_maker::some_owner() {
  auto at = std::uniform_real_distribution<double>(0, owner_shares_.back())(random_);
  auto found = std::lower_bound(owner_shares_.begin(), owner_shares_.end(), at);
  return static_cast<uint32_t>(std::min<size_t>(found - owner_shares_.begin(), owner_shares_.size() - 1));
}

void store_maker::write_code(lot& l, uint64_t number) {
  static const auto image = sha256("the one image of all made codes");
  auto at_ms = time_of(number);
  auto id = keys_.mint(at_ms);
  ++images_[l.gen->gen_id];
  ++minutes_[{at_ms / minute_ms, l.gen}];
  if (number < want_.codes - want_.stock) {
    // Dead ones are there for a month.
    auto dead = at_ms > now_ms_ - 25 * day_ms && one_in(100);
    if (!dead) return write_bound(l, number, id, at_ms);
    auto put = db_.use(put_code);
    put.arg(id).arg(l.gen->gen_id).arg(4).arg(0).arg(l.no).arg(at_ms).arg(at_ms).arg_null().arg_null().arg(at_ms + 1);
    put.arg(number / 16).arg("aged_out").arg(image).arg_null().arg_null().arg_null().arg_null().arg_null().run();
    return;
  }
  auto put = db_.use(put_code);
  put.arg(id).arg(l.gen->gen_id).arg(1).arg(0).arg(l.no).arg(at_ms).arg(at_ms).arg_null().arg_null().arg(at_ms);
  put.arg(number / 16).arg_null().arg(image).arg_null().arg_null().arg_null().arg_null().arg_null().run();
}

void store_maker::write_bound(const lot& l, uint64_t number, const std::string& id, int64_t stocked_ms) {
  static const auto image = sha256("the one image of all made codes");
  auto owner_no = some_owner();
  auto owner = owner_name(owner_no);
  // Bound a little after it was made, as codes of a shelf are: not in the order of ids.
  auto bound_ms = stocked_ms + static_cast<int64_t>(random_() % minute_ms);
  std::vector<uint32_t> tags;
  if (one_in(2)) tags.push_back(common_tag);
  if (one_in(3)) tags.push_back(first_agent_tag + random_() % tags_of_agents);
  if (one_in(100'000)) tags.push_back(rare_tag);
  std::string tags_json;
  for (auto tag : tags) tags_json += fmt::format("{}\"{}\"", tags_json.empty() ? "[" : ",", tag_name(tag));
  if (!tags_json.empty()) tags_json += ']';
  // A tenth expires after 30 days, a thirtieth is revoked, a twentieth was changed once.
  auto expires_ms = one_in(10) ? bound_ms + 30 * day_ms : 0;
  auto changed = one_in(20), revoked = one_in(30);
  auto version = 1 + (changed ? 1 : 0) + (revoked ? 1 : 0);
  auto changed_ms = std::min(now_ms_, bound_ms + (version - 1) * hour_ms);
  nonce mark;
  for (size_t i = 0; i < mark.size(); i += 8) {
    auto bits = random_();
    for (size_t j = 0; j < 8; ++j) mark[i + j] = static_cast<uint8_t>(bits >> (8 * j));
  }
  auto path = fmt::format("pages/house/{}", number);
  auto query = fmt::format(R"({{"from":"poster","id":"{}"}})", random_() % 100'000'000);
  auto put = db_.use(put_code);
  put.arg(id).arg(l.gen->gen_id).arg(revoked ? 3 : 2).arg(version).arg(l.no).arg(stocked_ms).arg(stocked_ms);
  put.arg(bound_ms).arg_or_null(expires_ms).arg(changed_ms).arg(number / 16).arg_null().arg(image).arg(mark);
  put.arg(owner).arg(path).arg(query).arg_or_null(tags_json).run();

  auto request = fmt::format("made-{:010x}", number);
  auto history = [&](int at, int op, int64_t at_ms, const char* doc) {
    db_.use(put_history).arg(id).arg(at).arg(op).arg(at_ms).arg(request).arg_or_null(std::string_view{doc}).run();
  };
  history(1, 0, bound_ms, "");
  if (changed) history(2, 1, std::min(now_ms_, bound_ms + hour_ms), R"({"path":"pages/house/before"})");
  if (revoked) history(version, 4, changed_ms, "");
  for (auto tag : tags) {
    auto name = tag_name(tag);
    db_.use(put_tag).arg(owner).arg(name).arg(bound_ms).arg(id).run();
  }
  if (bound_ms > now_ms_ - 7 * day_ms && one_in(2)) {
    auto key = fmt::format("order-{:012}", number);
    auto body = sha256(path);
    db_.use(put_key).arg(owner).arg_blob(key.data(), key.size()).arg(body).arg(id).arg(mark).arg(bound_ms).run();
  }
  tags.push_back(no_tag);
  for (auto tag : tags) ++stats_[stats_key(bound_ms, l.pool, owner_no, tag, 0)].issued;
  if (one_in(3)) {
    auto launch = random_() % std::size(launches);
    auto n = 1 + random_() % 5;
    db_.use(put_scans).arg(id).arg(bound_ms / day_ms).arg(launches[launch]).arg(n).run();
    for (auto tag : tags)
      stats_[stats_key(bound_ms, l.pool, owner_no, tag, static_cast<uint32_t>(launch))].scanned += n;
  }
  if (!revoked && (expires_ms == 0 || expires_ms > now_ms_ + day_ms)) made_(id, path);
}

void store_maker::write_minutes() {
  for (auto& [at, n] : minutes_)
    for (const auto* outcome : {"calls", "images"})
      db_.use(put_minute).arg(at.second->app_id).arg(at.second->gen_id).arg(at.first).arg(outcome).arg(n).run();
  minutes_.clear();
}

uint64_t store_maker::stats_key(int64_t at_ms, size_t pool, uint32_t owner, uint32_t tag, uint32_t launch) const {
  // In the order of the table's key, so that sorting the numbers sorts the rows.
  return uint64_t{owner} << 48 | uint64_t{tag} << 36 | static_cast<uint64_t>(at_ms / hour_ms) << 14 |
         uint64_t{pool} << 6 | launch;
}

void store_maker::write_stats() {
  std::vector<uint64_t> order;
  order.reserve(stats_.size());
  for (auto& [key, n] : stats_) order.push_back(key);
  std::sort(order.begin(), order.end());
  for (auto key : order) {
    auto& n = stats_[key];
    auto owner = owner_name(static_cast<uint32_t>(key >> 48)), tag = tag_name(key >> 36 & 0xfff);
    auto put = [&](const char* node, uint64_t issued, uint64_t scanned) {
      if (issued + scanned == 0) return;
      auto row = db_.use(put_stats);
      row.arg(owner).arg(tag).arg(key >> 14 & 0x3fffff).arg(pools_[key >> 6 & 0xff][0].pool);
      row.arg(launches[key & 0x3f]).arg(node).arg(issued).arg(scanned).run();
    };
    put("n1", n.issued, 0);
    put("", 0, n.scanned);
  }
  // As the node's own sums, in the same transaction.
  db_.execute("put_sums", R"(
INSERT INTO stats_hour(owner, tag, hour, pool, launch, node, issued, scanned)
  SELECT '', '', hour, pool, launch, '', sum(issued), sum(scanned) FROM stats_hour WHERE tag = '' GROUP BY hour, pool, launch;
INSERT INTO stats_day(owner, tag, day, pool, launch, issued, scanned)
  SELECT owner, tag, hour / 24, pool, launch, sum(issued), sum(scanned) FROM stats_hour GROUP BY owner, tag, hour / 24, pool, launch;
)");
}

void store_maker::write_books() {
  for (auto& [gen_id, n] : images_)
    for (const auto* outcome : {"calls", "images"}) db_.use(put_book).arg(gen_id).arg(outcome).arg(n).run();
}

} // namespace qrwell::bench
