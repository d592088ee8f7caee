#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;

#define QRWELL_KEY                                                                                                     \
  "SELECT key_id, name, owner, hash, scopes, pools, path_prefixes, rate_per_s, daily_codes, priority, created_ms, "    \
  "expires_ms, disabled_ms, last_used_hour, prev_hash, prev_until_ms, "                                                \
  "(SELECT n FROM key_usage u WHERE u.key_id = api_keys.key_id AND day = ?) FROM api_keys "
constexpr sql all_keys{"all_keys", QRWELL_KEY "ORDER BY key_id"};
constexpr sql find_key{"find_key", QRWELL_KEY "WHERE name = ?"};
constexpr sql find_key_by_hash{"find_key_by_hash", "SELECT name FROM api_keys WHERE hash = ?1 OR prev_hash = ?1"};
#undef QRWELL_KEY
constexpr sql put_key{"put_key",
                      "INSERT INTO api_keys(key_id, name, owner, hash, scopes, pools, path_prefixes, rate_per_s, "
                      "daily_codes, priority, created_ms, expires_ms) "
                      "VALUES((SELECT coalesce(max(key_id), 0) + 1 FROM api_keys), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql disable_key{"disable_key", "UPDATE api_keys SET disabled_ms = ? WHERE name = ? AND disabled_ms IS NULL"};
constexpr sql rotate_hash{"rotate_hash",
                          "UPDATE api_keys SET prev_hash = hash, hash = ?, prev_until_ms = ? WHERE name = ?"};
constexpr sql mark_used{
    "mark_used",
    "UPDATE api_keys SET last_used_hour = ? WHERE key_id = ? AND (last_used_hour IS NULL OR last_used_hour < ?)"};

std::string as_array(const std::vector<std::string>& texts) {
  boost::json::array out;
  for (auto& t : texts) out.emplace_back(t);
  return boost::json::serialize(out);
}

std::vector<std::string> from_array(std::string_view text) {
  std::vector<std::string> out;
  boost::json::error_code bad;
  auto parsed = boost::json::parse(text, bad);
  if (!bad && parsed.is_array())
    for (auto& v : parsed.get_array())
      if (v.is_string()) out.emplace_back(v.get_string());
  return out;
}

api_key key_at(statement& row) {
  api_key k;
  k.key_id = row.as<uint32_t>(0);
  k.name = row.text(1);
  k.owner = row.text(2);
  k.hash = row.hash(3);
  k.scopes = row.as<uint8_t>(4);
  k.pools = from_array(row.view(5));
  k.path_prefixes = from_array(row.view(6));
  k.rate_per_s = row.real(7);
  k.daily_codes = row.as<uint64_t>(8);
  k.priority = row.as<key_priority>(9);
  k.created_ms = row.integer(10);
  k.expires_ms = row.integer(11);
  k.disabled_ms = row.integer(12);
  k.last_used_ms = row.integer(13) * hour_ms;
  if (!row.is_null(14)) k.former_hash = row.hash(14);
  k.former_until_ms = row.integer(15);
  k.codes_today = row.as<uint64_t>(16);
  return k;
}

} // namespace

int64_t sqlite_code_store::today() const {
  return clock_.wall_ms() / day_ms;
}

api_key sqlite_code_store::key_named(const std::string& name) {
  auto row = db_->use(find_key);
  if (row.arg(today()).arg(name).step()) return key_at(row);
  throw refusal{fail(ec::not_found, fmt::format("there is no key named {}", name))};
}

caf::expected<keys_snapshot> sqlite_code_store::keys() {
  return read([&] {
    keys_snapshot out;
    auto rows = db_->use(all_keys);
    rows.arg(today());
    while (rows.step()) out.keys.push_back(key_at(rows));
    out.now_ms = clock_.wall_ms();
    return out;
  });
}

caf::expected<api_key> sqlite_code_store::add_key(const key_add& add) {
  return write([&] {
    auto& k = add.key;
    {
      auto row = db_->use(find_key);
      if (row.arg(today()).arg(k.name).step())
        throw refusal{
            fail(ec::conflict, fmt::format("a key named {} is there already; names are never used again", k.name))};
    }
    {
      auto row = db_->use(find_key_by_hash);
      if (row.arg(k.hash).step())
        throw refusal{fail(ec::conflict, fmt::format("the key named {} is the same key", row.view(0)))};
    }
    auto pools = as_array(k.pools), prefixes = as_array(k.path_prefixes);
    auto created = k.created_ms ? k.created_ms : clock_.wall_ms();
    db_->use(put_key)
        .arg(k.name)
        .arg(k.owner)
        .arg(k.hash)
        .arg(k.scopes)
        .arg(pools)
        .arg(prefixes)
        .arg(k.rate_per_s)
        .arg(k.daily_codes)
        .arg(static_cast<int>(k.priority))
        .arg(created)
        .arg_or_null(k.expires_ms)
        .run();
    audit(add.actor, "key_add",
          boost::json::serialize(boost::json::object{{"name", k.name}, {"owner", k.owner}, {"scopes", k.scopes}}));
    return key_named(k.name);
  });
}

caf::expected<api_key> sqlite_code_store::rotate_key(const key_rotate& rotate) {
  return write([&] {
    auto key = key_named(rotate.name);
    auto now = clock_.wall_ms();
    if (key.disabled_ms != 0 || (key.expires_ms != 0 && key.expires_ms <= now))
      throw refusal{fail(ec::conflict, fmt::format("key {} is {}: add a new one instead", rotate.name,
                                                   key.disabled_ms != 0 ? "revoked" : "expired"))};
    db_->use(rotate_hash).arg(rotate.hash).arg(now + int64_t{rotate.overlap_s} * 1'000).arg(rotate.name).run();
    audit(rotate.actor, "key_rotate",
          boost::json::serialize(boost::json::object{{"name", rotate.name}, {"overlap_s", rotate.overlap_s}}));
    return key_named(rotate.name);
  });
}

caf::expected<api_key> sqlite_code_store::revoke_key(const key_revoke& revoke) {
  return write([&] {
    auto disabled = db_->use(disable_key).arg(clock_.wall_ms()).arg(revoke.name).run();
    if (disabled > 0)
      audit(revoke.actor, "key_revoke", boost::json::serialize(boost::json::object{{"name", revoke.name}}));
    return key_named(revoke.name);
  });
}

caf::expected<void> sqlite_code_store::mark_keys_used(const keys_used& used) {
  return write([&] {
    auto hour = clock_.wall_ms() / hour_ms;
    for (auto key_id : used.key_ids) db_->use(mark_used).arg(hour).arg(key_id).arg(hour).run();
  });
}

} // namespace qrwell
