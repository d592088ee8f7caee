#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "runtime/stores/sqlite/stored_tags.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace qrwell {

using namespace sqlite;

namespace {

namespace json = boost::json;

enum class history_op : int { retarget = 1, extend = 2, tag = 3, revoke = 4 };

constexpr sql change_code{"change_code",
                          "UPDATE codes SET state = ?, path = ?, query = ?, tags = ?, expires_ms = ?, changed_ms = ?, "
                          "version = version + 1 WHERE id = ? AND version = ? AND state = 2"};
constexpr sql put_change{
    "put_change", "INSERT INTO history(id, version, op, at_ms, actor, request_id, doc) VALUES(?, ?, ?, ?, ?, ?, ?)"};
constexpr sql add_tag{"add_tag",
                      "INSERT INTO code_tags(owner, tag, bound_ms, id) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING"};
constexpr sql drop_tag{"drop_tag", "DELETE FROM code_tags WHERE owner = ? AND tag = ? AND bound_ms = ? AND id = ?"};
constexpr sql drop_reuse{"drop_reuse", "DELETE FROM reuse WHERE id = ?"};

template <class T>
bool among(const std::vector<T>& some, const T& x) {
  return some.empty() || std::find(some.begin(), some.end(), x) != some.end();
}

bool begins_with_any(const std::vector<std::string>& prefixes, std::string_view path) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](auto& p) { return path.starts_with(p); });
}

// Stored JSON was checked when it came in; what cannot be read is shown as it is.
json::value json_or_text(const std::string& stored) {
  if (stored.empty()) return nullptr;
  json::error_code bad;
  auto value = json::parse(stored, bad);
  return bad ? json::value(stored) : value;
}

} // namespace

caf::expected<code_changed> sqlite_code_store::change(const code_change& asked) {
  return write([&] {
    code_changed out;
    out.now_ms = clock_.wall_ms();
    auto before = read_code(asked.id);
    if (!before || (before->state != code_state::bound && before->state != code_state::revoked) ||
        (!asked.owner.empty() && before->owner != asked.owner) || !among(asked.pools, before->pool))
      return out;
    auto after = changed_by(asked, *before, out.now_ms);
    out.code = *before;
    if (!begins_with_any(asked.path_prefixes, before->path) || !begins_with_any(asked.path_prefixes, after.path)) {
      out.end = change_end::forbidden;
      out.code = {};
    } else if (!among(asked.versions, before->version)) {
      out.end = change_end::other_version;
    } else if (after == *before) {
      out.end = change_end::unchanged;
    } else if (before->state == code_state::revoked) {
      out.end = change_end::revoked;
    } else {
      write_change(asked, *before, after, out.now_ms);
      out.end = change_end::changed;
      out.code = std::move(after);
      ++out.code.version;
      out.code.changed_ms = out.now_ms;
    }
    return out;
  });
}

code_view sqlite_code_store::changed_by(const code_change& asked, const code_view& before, int64_t now_ms) const {
  auto after = before;
  if (asked.revoke) after.state = code_state::revoked;
  if (asked.set_target_path) after.path = asked.path;
  if (asked.set_query) after.query = asked.query;
  if (asked.set_tags) after.tags = asked.tags;
  if (asked.set_expiry)
    after.expires_ms = asked.expires_after_s ? now_ms + int64_t{asked.expires_after_s} * 1'000 : asked.expires_ms;
  return after;
}

/// One row of history for one change, named after the weightiest thing in it; it holds all that was replaced.
void sqlite_code_store::write_change(const code_change& asked, const code_view& before, const code_view& after,
                                     int64_t now_ms) {
  auto changed = db_->use(change_code)
                     .arg(static_cast<int>(after.state))
                     .arg(after.path)
                     .arg_or_null(after.query)
                     .arg_or_null(after.tags)
                     .arg_or_null(after.expires_ms)
                     .arg(now_ms)
                     .arg(before.id)
                     .arg(before.version)
                     .run();
  if (changed != 1) throw refusal{fail(ec::store_failed, "store: code " + before.id + " changed under a transaction")};
  json::object replaced;
  if (after.path != before.path) replaced["path"] = before.path;
  if (after.query != before.query) replaced["query"] = json_or_text(before.query);
  if (after.tags != before.tags) replaced["tags"] = json_or_text(before.tags);
  if (after.expires_ms != before.expires_ms)
    replaced["expires_ms"] = before.expires_ms ? json::value(before.expires_ms) : json::value(nullptr);
  auto retargeted = after.path != before.path || after.query != before.query;
  auto op = after.state == code_state::revoked      ? history_op::revoke
            : retargeted                            ? history_op::retarget
            : after.expires_ms != before.expires_ms ? history_op::extend
                                                    : history_op::tag;
  auto doc = replaced.empty() ? std::string{} : json::serialize(replaced);
  db_->use(put_change)
      .arg(before.id)
      .arg(before.version + 1)
      .arg(static_cast<int>(op))
      .arg(now_ms)
      .arg_or_null(asked.actor)
      .arg_or_null(asked.request_id)
      .arg_or_null(doc)
      .run();
  if (!asked.actor_owner.empty() && asked.actor_owner != before.owner)
    audit(asked.actor, asked.revoke ? "code_revoke" : "code_change",
          json::serialize(json::object{
              {"id", before.id}, {"owner", before.owner}, {"version", before.version + 1}, {"replaced", replaced}}));
  // What has another target, or none, serves no other request for the old one.
  if (retargeted || op == history_op::revoke) db_->use(drop_reuse).arg(before.id).run();
  if (after.tags != before.tags) {
    auto had = tags_in(before.tags), has = tags_in(after.tags);
    auto in = [](const auto& some, const auto& one) { return std::find(some.begin(), some.end(), one) != some.end(); };
    for (auto& tag : had)
      if (!in(has, tag)) db_->use(drop_tag).arg(before.owner).arg(tag).arg(before.bound_ms).arg(before.id).run();
    for (auto& tag : has)
      if (!in(had, tag)) db_->use(add_tag).arg(before.owner).arg(tag).arg(before.bound_ms).arg(before.id).run();
  }
  bump_commit_seq();
}

} // namespace qrwell
