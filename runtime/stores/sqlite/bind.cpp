#include "runtime/ids/hash.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "runtime/stores/sqlite/stored_counts.hpp"
#include "runtime/stores/sqlite/stored_tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t day_ms = 24 * 3'600'000;
constexpr int64_t reused_lives_ms = 60'000; ///< at least, where the request has no end of its own

constexpr sql claim_key{
    "claim_key",
    "INSERT INTO idem(owner, k, body_hash, id, nonce, at_ms) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql read_key{"read_key", "SELECT body_hash, id, nonce FROM idem WHERE owner = ? AND k = ?"};
constexpr sql lead_key{"lead_key", "UPDATE idem SET id = ?, nonce = ? WHERE owner = ? AND k = ?"};
constexpr sql drop_key{"drop_key", "DELETE FROM idem WHERE owner = ? AND k = ?"};
// Read, then update: RETURNING measured 3 us a row dearer. Both see one transaction, and the update's own WHERE
// decides.
constexpr sql offered_code{"offered_code", "SELECT state, gen_id, kind, version, stocked_ms, fetched_ms, image_fmt, "
                                           "image_len, image_sha, bind_nonce FROM codes WHERE id = ?"};
constexpr sql bind_code{
    "bind_code",
    "UPDATE codes SET state = 2, bind_nonce = ?, version = version + 1, owner = ?, path = ?, query = ?, tags = ?, "
    "expires_ms = ?, bound_ms = ?, changed_ms = ? WHERE id = ? AND state = 1 AND gen_id = ?"};
// A link code is born bound: it cost no call, so the books do not know it.
constexpr sql bind_link{
    "bind_link",
    "INSERT INTO codes(id, gen_id, kind, state, version, bind_nonce, owner, path, query, tags, expires_ms, bound_ms, "
    "changed_ms, link_prefix) VALUES(?, ?, 2, 2, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql find_prefix{"find_prefix", "SELECT prefix_no FROM link_prefixes WHERE prefix = ?"};
constexpr sql put_prefix{"put_prefix", "INSERT INTO link_prefixes(prefix_no, prefix) VALUES((SELECT "
                                       "coalesce(max(prefix_no), 0) + 1 FROM link_prefixes), ?) RETURNING prefix_no"};
constexpr sql find_reuse{
    "find_reuse", "SELECT c.id, c.bind_nonce FROM reuse r JOIN codes c ON c.id = r.id WHERE r.owner = ? AND r.pool = ? "
                  "AND r.target_hash = ? AND c.state = 2 AND (c.expires_ms IS NULL OR c.expires_ms > ?)"};
constexpr sql put_reuse{"put_reuse", "INSERT INTO reuse(owner, pool, target_hash, id) VALUES(?, ?, ?, ?) "
                                     "ON CONFLICT DO UPDATE SET id = excluded.id"};
constexpr sql used_today{"used_today", "SELECT n FROM key_usage WHERE key_id = ? AND day = ?"};
constexpr sql nonce_of{"nonce_of", "SELECT bind_nonce, state FROM codes WHERE id = ?"};
constexpr sql put_history{"put_history",
                          "INSERT INTO history(id, version, op, at_ms, actor, request_id) VALUES(?, ?, 0, ?, ?, ?)"};
constexpr sql put_tag{"put_tag",
                      "INSERT INTO code_tags(owner, tag, bound_ms, id) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql add_usage{
    "add_usage", "INSERT INTO key_usage(key_id, day, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
constexpr sql kill_code{"kill_code",
                        "UPDATE codes SET state = 4, reason = ?, changed_ms = ? WHERE id = ? AND state = 1"};

} // namespace

/// What a group adds to the counts, so that each row of them is written once per group.
struct sqlite_code_store::group_counts {
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> issued; ///< pool, owner, tag
  std::map<uint32_t, uint64_t> by_key;

  /// Most groups are of one owner or two: the last one is looked at first.
  void count(const std::string& pool, const std::string& owner) {
    if (!last_ || std::get<0>(last_->first) != pool || std::get<1>(last_->first) != owner)
      last_ = &*issued.try_emplace({pool, owner, {}}, 0).first;
    ++last_->second;
  }

private:
  decltype(issued)::value_type* last_ = nullptr;
};

namespace {

/// 0: never.
int64_t expiry_of(const bind_request& r, int64_t now_ms) {
  return r.expires_after_s != 0 ? now_ms + int64_t{r.expires_after_s} * 1'000 : r.expires_ms;
}

bool asks_reuse(const bind_request& r) {
  return r.reuse_hash != digest{};
}

} // namespace

caf::expected<bind_group_result> sqlite_code_store::bind(const bind_group& group) {
  if (group.binds.size() > bind_group_max)
    return fail(ec::invalid_request,
                fmt::format("a group of {} binds: {} are the most", group.binds.size(), bind_group_max));
  return write([&] {
    bind_group_result out;
    out.results.reserve(group.binds.size());
    group_counts counts;
    auto now = clock_.wall_ms();
    for (auto& request : group.binds) out.results.push_back(bind_one(request, now, counts));
    write_counts(counts, now, node_of(group.holder));
    for (auto lot_no : group.lots_done) end_lot(lot_no, group.holder);
    for (auto& request : group.claims) out.claims.push_back(claim(request, group.holder));
    bump_commit_seq();
    return out;
  });
}

/// The key first, since a replay must not touch the offered row; a race that is lost takes the key's row back.
bind_result sqlite_code_store::bind_one(const bind_request& r, int64_t now_ms, group_counts& counts) {
  // The mark tells attempts apart, so an attempt without one gets its own.
  auto mark = r.mark == nonce{} ? random_nonce() : r.mark;
  if (r.idempotency_key.empty()) return bind_target(r, mark, now_ms, counts);
  std::string_view key = r.idempotency_key;
  auto ours = db_->use(claim_key)
                  .arg(r.owner)
                  .arg_blob(key.data(), key.size())
                  .arg(r.body_hash)
                  .arg(r.id)
                  .arg(mark)
                  .arg(now_ms)
                  .run();
  if (ours == 0) return end_of_attempt(r);
  auto out = bind_target(r, mark, now_ms, counts);
  if (out.end == bind_end::reused) {
    // The key leads to the code that it got, by that code's own mark.
    auto found = db_->use(nonce_of);
    found.arg(out.code.id).step();
    auto its_mark = found.mark(0);
    db_->use(lead_key).arg(out.code.id).arg(its_mark).arg(r.owner).arg_blob(key.data(), key.size()).run();
  } else if (out.end != bind_end::bound) {
    db_->use(drop_key).arg(r.owner).arg_blob(key.data(), key.size()).run();
  }
  return out;
}

/// A code of the same target, if that will do; else the offered one, if the key may have one more today.
bind_result sqlite_code_store::bind_target(const bind_request& r, const nonce& mark, int64_t now_ms,
                                           group_counts& counts) {
  if (asks_reuse(r)) {
    if (auto code = reusable(r, now_ms)) return {r.ticket, bind_end::reused, std::move(*code), {}};
  }
  if (r.daily_codes_max > 0 && !within_budget(r, now_ms, counts)) return {r.ticket, bind_end::over_budget, {}, {}};
  auto out = bind_row(r, mark, now_ms, counts);
  if (out.end == bind_end::bound && asks_reuse(r))
    db_->use(put_reuse).arg(r.owner).arg(pool_of(r.gen_id)).arg(r.reuse_hash).arg(r.id).run();
  return out;
}

/// One that lives at least as long as the asked one would.
std::optional<code_view> sqlite_code_store::reusable(const bind_request& r, int64_t now_ms) {
  std::string id;
  {
    auto row = db_->use(find_reuse);
    auto until = expiry_of(r, now_ms);
    auto after = until == 0 ? now_ms + reused_lives_ms : std::max(until - 1, now_ms);
    if (!row.arg(r.owner).arg(r.pool).arg(r.reuse_hash).arg(after).step()) return std::nullopt;
    id = row.text(0);
  }
  return read_code(id);
}

bool sqlite_code_store::within_budget(const bind_request& r, int64_t now_ms, group_counts& counts) {
  uint64_t used = 0;
  auto row = db_->use(used_today);
  if (row.arg(r.key_id).arg(now_ms / day_ms).step()) used = row.as<uint64_t>(0);
  auto here = counts.by_key.find(r.key_id);
  if (here != counts.by_key.end()) used += here->second;
  return used < r.daily_codes_max;
}

int64_t sqlite_code_store::prefix_number(const std::string& prefix) {
  {
    auto row = db_->use(find_prefix);
    if (row.arg(prefix).step()) return row.integer(0);
  }
  auto put = db_->use(put_prefix);
  put.arg(prefix).step();
  return put.integer(0);
}

bind_result sqlite_code_store::bind_row(const bind_request& r, const nonce& mark, int64_t now_ms,
                                        group_counts& counts) {
  bind_result out{r.ticket, bind_end::lost_race, {}, {}};
  auto& c = out.code;
  auto is_link = !r.link_prefix.empty();
  auto expires = expiry_of(r, now_ms);
  if (auto row = db_->use(offered_code); row.arg(r.id).step()) {
    auto state = row.as<code_state>(0);
    // Our own mark: an attempt whose first commit had an unknown outcome came again.
    auto ours = state == code_state::bound && row.mark(9) == mark;
    if (!ours && (state != code_state::stocked || row.as<uint32_t>(1) != r.gen_id)) return out;
    if (ours) {
      out.end = bind_end::bound;
      c = read_code(r.id).value_or(code_view{});
      return out;
    }
    c.kind = row.as<code_kind>(2);
    c.version = row.as<uint32_t>(3) + 1;
    c.stocked_ms = row.integer(4);
    c.fetched_ms = row.integer(5);
    c.image_format = row.text(6);
    c.image_bytes = row.as<uint32_t>(7);
    c.image_sha = row.hash(8);
  } else if (!is_link) {
    return out;
  } else {
    c.kind = code_kind::link;
    c.version = 1;
    c.link_prefix = r.link_prefix;
  }
  auto with_target = [&](auto&& statement) -> auto& {
    return statement.arg(mark)
        .arg(r.owner)
        .arg(r.path)
        .arg_or_null(r.query)
        .arg_or_null(r.tags)
        .arg_or_null(expires)
        .arg(now_ms)
        .arg(now_ms);
  };
  auto won = is_link ? with_target(db_->use(bind_link).arg(r.id).arg(r.gen_id)).arg(prefix_number(r.link_prefix)).run()
                     : with_target(db_->use(bind_code)).arg(r.id).arg(r.gen_id).run();
  if (won != 1) {
    c = {};
    return out;
  }
  out.end = bind_end::bound;
  c.id = r.id;
  c.pool = pool_of(r.gen_id);
  c.gen_id = r.gen_id;
  c.state = code_state::bound;
  c.owner = r.owner;
  c.path = r.path;
  c.query = r.query;
  c.tags = r.tags;
  c.bound_ms = c.changed_ms = now_ms;
  c.expires_ms = expires;
  db_->use(put_history).arg(r.id).arg(c.version).arg(now_ms).arg_or_null(r.actor).arg_or_null(r.request_id).run();
  if (!r.tags.empty()) write_tags(r, now_ms, counts);
  counts.count(c.pool, r.owner);
  if (r.key_id) ++counts.by_key[r.key_id];
  return out;
}

/// A key that was there before this attempt: what the one who had it got, as it is now.
bind_result sqlite_code_store::end_of_attempt(const bind_request& r) {
  auto row = db_->use(read_key);
  row.arg(r.owner).arg_blob(r.idempotency_key.data(), r.idempotency_key.size());
  if (!row.step()) return {r.ticket, bind_end::failed, {}, {}};
  auto again = r.mark != nonce{} && row.mark(2) == r.mark;
  if (!again && row.hash(0) != r.body_hash) return {r.ticket, bind_end::key_reused, {}, {}};
  auto code = read_code(row.view(1));
  if (!code)
    throw refusal{
        fail(ec::store_failed,
             fmt::format("store {}: the idempotency key of code {} is there and the code is not; run `qrwell verify`",
                         db_->file(), row.view(1)))};
  return {r.ticket, again ? bind_end::bound : bind_end::replay, std::move(*code), {}};
}

void sqlite_code_store::write_tags(const bind_request& r, int64_t now_ms, group_counts& counts) {
  for (auto& tag : tags_in(r.tags))
    if (db_->use(put_tag).arg(r.owner).arg(tag).arg(now_ms).arg(r.id).run() > 0)
      ++counts.issued[{pool_of(r.gen_id), r.owner, std::move(tag)}];
}

void sqlite_code_store::write_counts(const group_counts& counts, int64_t now_ms, const std::string& node) {
  for (auto& [key, n] : counts.issued) {
    auto& [pool, owner, tag] = key;
    add_counts(*db_, {owner, tag, pool, 0, node, n, 0}, now_ms);
  }
  for (auto& [key_id, n] : counts.by_key) db_->use(add_usage).arg(key_id).arg(now_ms / day_ms).arg(n).run();
}

caf::expected<bind_group_result> sqlite_code_store::resolve(const bind_resolve& attempts) {
  return write([&] {
    // A write: it settles for good whether a group whose commit failed halfway will ever be there.
    bump_commit_seq();
    bind_group_result out;
    for (auto& r : attempts.attempts) {
      std::optional<bind_end> end;
      {
        auto row = db_->use(nonce_of);
        if (!row.arg(r.id).step())
          end = bind_end::lost_race;
        else if (!row.is_null(0) && row.mark(0) == r.mark)
          end = bind_end::bound;
        else if (row.integer(1) != static_cast<int>(code_state::stocked))
          end = bind_end::lost_race;
      }
      if (end != bind_end::bound && !r.idempotency_key.empty()) {
        auto by_key = end_of_attempt(r);
        if (by_key.end != bind_end::failed) {
          out.results.push_back(std::move(by_key));
          continue;
        }
      }
      bind_result result{r.ticket, end.value_or(bind_end::failed), {}, {}};
      if (end == bind_end::bound) result.code = read_code(r.id).value_or(code_view{});
      out.results.push_back(std::move(result));
    }
    return out;
  });
}

caf::expected<bind_group_result> sqlite_code_store::recall(const bind_recall& asked) {
  return read([&] {
    bind_group_result out;
    auto now = clock_.wall_ms();
    for (auto& r : asked.requests) {
      bind_result result{r.ticket, bind_end::failed, {}, {}};
      if (!r.idempotency_key.empty()) result = end_of_attempt(r);
      if (result.end == bind_end::failed && asks_reuse(r))
        if (auto code = reusable(r, now)) result = {r.ticket, bind_end::reused, std::move(*code), {}};
      out.results.push_back(std::move(result));
    }
    return out;
  });
}

caf::expected<affected> sqlite_code_store::kill_codes(const codes_kill& kill) {
  return write([&] {
    affected out;
    auto now = clock_.wall_ms();
    for (auto& id : kill.ids)
      if (db_->use(kill_code).arg(kill.reason).arg(now).arg(id).run() > 0) out.ids.push_back(id);
    out.count = out.ids.size();
    return out;
  });
}

} // namespace qrwell
