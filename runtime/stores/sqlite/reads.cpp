#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <array>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr size_t history_max = 1'000; ///< entries of one code that an answer shows, the newest

constexpr sql find_scene{"find_scene", "SELECT state, version, path, query, expires_ms FROM codes WHERE id = ?"};
constexpr sql find_code_row{"find_code", "SELECT gen_id, kind, state, version, owner, path, query, tags, bound_ms, "
                                         "expires_ms, changed_ms, stocked_ms, fetched_ms, "
                                         "image_fmt, image_len, image_sha, reason, (SELECT prefix FROM link_prefixes "
                                         "WHERE prefix_no = link_prefix) FROM codes WHERE id = ?"};
constexpr sql history_of{
    "history_of",
    "SELECT version, op, at_ms, actor, request_id, doc FROM history WHERE id = ? ORDER BY version DESC LIMIT ?"};
constexpr sql scans_of{"scans_of",
                       "SELECT launch, sum(n) FROM scan_counts WHERE id = ? GROUP BY launch ORDER BY launch"};

constexpr std::array<const char*, 7> op_names{"bind", "retarget", "extend", "tag", "revoke", "void", "import"};

} // namespace

std::optional<code_view> sqlite_code_store::read_code(std::string_view id) {
  auto row = db_->use(find_code_row);
  if (!row.arg(id).step()) return std::nullopt;
  code_view c;
  c.id = std::string{id};
  c.gen_id = row.as<uint32_t>(0);
  c.pool = pool_of(c.gen_id);
  c.kind = row.as<code_kind>(1);
  c.state = row.as<code_state>(2);
  c.version = row.as<uint32_t>(3);
  c.owner = row.text(4);
  c.path = row.text(5);
  c.query = row.text(6);
  c.tags = row.text(7);
  c.bound_ms = row.integer(8);
  c.expires_ms = row.integer(9);
  c.changed_ms = row.integer(10);
  c.stocked_ms = row.integer(11);
  c.fetched_ms = row.integer(12);
  c.image_format = row.text(13);
  c.image_bytes = row.as<uint32_t>(14);
  c.image_sha = row.hash(15);
  c.reason = row.text(16);
  c.link_prefix = row.text(17);
  return c;
}

caf::expected<scene_answer> sqlite_code_store::find_scenes(const scene_query& query) {
  return read([&] {
    scene_answer out;
    out.scenes.reserve(query.ids.size());
    for (auto& id : query.ids) {
      auto row = db_->use(find_scene);
      if (!row.arg(id).step()) continue;
      out.scenes.push_back({id, row.as<code_state>(0), row.as<uint32_t>(1), row.text(2), row.text(3), row.integer(4)});
    }
    out.now_ms = clock_.wall_ms();
    return out;
  });
}

caf::expected<code_record> sqlite_code_store::find_code(const code_query& query) {
  return read([&] {
    code_record out;
    out.now_ms = clock_.wall_ms();
    auto code = read_code(query.id);
    if (!code) return out;
    out.found = true;
    out.code = std::move(*code);
    {
      auto rows = db_->use(history_of);
      rows.arg(query.id).arg(history_max);
      while (rows.step()) {
        auto op = rows.as<size_t>(1);
        out.history.push_back({rows.as<uint32_t>(0), op < op_names.size() ? op_names[op] : "unknown", rows.integer(2),
                               rows.text(3), rows.text(4), rows.text(5)});
      }
      std::reverse(out.history.begin(), out.history.end());
    }
    auto rows = db_->use(scans_of);
    rows.arg(query.id);
    while (rows.step()) out.scans.push_back({query.id, rows.as<uint32_t>(0), rows.as<uint64_t>(1)});
    return out;
  });
}

} // namespace qrwell
