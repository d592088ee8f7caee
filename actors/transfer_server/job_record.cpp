#include "actors/transfer_server/job_record.hpp"

#include "runtime/http/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr size_t text_bytes_max = 256; // longer than any owner, pool or tag

constexpr std::pair<std::string_view, list_state> list_states[] = {
    {"bound", list_state::bound}, {"expired", list_state::expired}, {"revoked", list_state::revoked}};

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains({name.data(), name.size()});
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

template <class T>
void number_of(const json::object& from, std::string_view name, T& out) {
  if (const auto* value = from.if_contains({name.data(), name.size()}); value && value->is_number())
    out = value->to_number<T>();
}

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

json::object filters_json(const job_spec& spec) {
  json::object out;
  const auto& rows = spec.rows;
  if (!rows.owner.empty()) out["owner"] = rows.owner;
  if (!rows.pools.empty()) out["pools"] = json::array(rows.pools.begin(), rows.pools.end());
  if (!rows.tag.empty()) out["tag"] = rows.tag;
  for (const auto& [name, state] : list_states)
    if (rows.state == state) out["state"] = json::string_view(name.data(), name.size());
  if (rows.from_ms) out["from"] = http::format_time(rows.from_ms);
  if (rows.to_ms) out["to"] = http::format_time(rows.to_ms);
  return out;
}

caf::error read_filters(const json::object& from, code_list& out) {
  for (const auto& member : from) {
    std::string name(member.key());
    const auto& value = member.value();
    if (name == "pools" && value.is_array()) { // only in our own notes
      for (const auto& pool : value.get_array())
        if (pool.is_string()) out.pools.emplace_back(pool.get_string());
      continue;
    }
    static constexpr std::string_view known[] = {"pool", "owner", "tag", "state", "from", "to"};
    if (std::find(std::begin(known), std::end(known), name) == std::end(known))
      return wrong(fmt::format("{}: not a member of this body; these are pool, owner, tag, state, from and to",
                               name.substr(0, 64)));
    if (!value.is_string() || value.get_string().empty() || value.get_string().size() > text_bytes_max)
      return wrong(fmt::format("{}: must be a string of 1 to {} bytes, or be left out", name, text_bytes_max));
    std::string text(value.get_string());
    if (name == "pool") {
      out.pools = {text};
    } else if (name == "owner") {
      out.owner = text;
    } else if (name == "tag") {
      out.tag = text;
    } else if (name == "state") {
      auto found =
          std::find_if(std::begin(list_states), std::end(list_states), [&](const auto& x) { return x.first == text; });
      if (found == std::end(list_states))
        return wrong("state: must be bound, revoked or expired, or be left out for all of them");
      out.state = found->second;
    } else {
      auto at = http::parse_time(text);
      if (!at) return wrong(fmt::format("{}: {}", name, sentence_of(at.error())));
      (name == "from" ? out.from_ms : out.to_ms) = *at;
    }
  }
  if (out.to_ms != 0 && out.to_ms <= out.from_ms) return wrong("to: must be later than from");
  return caf::none;
}

json::object view_of(const job_record& j) {
  const auto& row = j.row;
  const auto& p = j.progress;
  auto time = [](int64_t ms) { return ms ? json::value(http::format_time(ms)) : json::value(nullptr); };
  auto text = [](std::string_view s) { return json::string(json::string_view(s.data(), s.size())); };
  auto import = row.kind == job_kind::import_codes;
  json::object out{{"id", row.job_id},
                   {"kind", import ? "import" : "export"},
                   {"state", text(word_of(row.state))},
                   {"by", j.spec.by},
                   {"owner", row.owner.empty() ? json::value(nullptr) : json::value(row.owner)},
                   {"created_at", time(row.created_ms)},
                   {"started_at", time(p.started_ms)},
                   {"ended_at", time(p.ended_ms)},
                   {"bytes", row.bytes},
                   {"rows", p.rows}};
  auto url = fmt::format("/v1/jobs/{}", row.job_id);
  if (import) {
    out["bytes_done"] = p.at;
    out["added"] = row.rows_done;
    out["same"] = p.same;
    out["bad"] = row.rows_failed;
    out["bad_rows_url"] = p.bad_kept > 0 ? json::value(url + "/bad-rows") : json::value(nullptr);
    out["bad_rows_kept"] = p.bad_kept;
  } else {
    out["filters"] = filters_json(j.spec);
    out["file_url"] = row.state == job_state::done && !p.file_gone ? json::value(url + "/file") : json::value(nullptr);
  }
  out["error"] = row.problem.empty() ? json::value(nullptr) : json::value(row.problem);
  return out;
}

} // namespace

std::string_view word_of(job_state s) {
  switch (s) {
  case job_state::running:
    return "running";
  case job_state::done:
    return "done";
  case job_state::failed:
    return "failed";
  case job_state::cancelled:
    return "cancelled";
  case job_state::receiving:
    return "receiving";
  case job_state::queued:
    return "queued";
  }
  return "unknown";
}

std::string write_progress(const job_progress& p) {
  return json::serialize(json::object{{"at", p.at},
                                      {"line", p.line},
                                      {"rows", p.rows},
                                      {"same", p.same},
                                      {"bad_bytes", p.bad_bytes},
                                      {"bad_kept", p.bad_kept},
                                      {"cursor", p.cursor},
                                      {"started_ms", p.started_ms},
                                      {"ended_ms", p.ended_ms},
                                      {"file_gone", p.file_gone}});
}

std::string write_spec(const job_spec& spec, job_kind kind) {
  json::object out{{"by", spec.by}};
  if (kind == job_kind::export_codes) {
    out["all_owners"] = spec.all_owners;
    out["filters"] = filters_json(spec);
  }
  return json::serialize(out);
}

caf::expected<job_record> read_job(job row) {
  job_record out;
  auto bad = [&] {
    return fail(ec::internal,
                fmt::format("job {} is written down in a form that this program does not know", row.job_id));
  };
  if (!row.place.empty()) {
    auto place = http::parse_json(row.place);
    if (!place || !place->is_object()) return bad();
    const auto& from = place->get_object();
    auto& p = out.progress;
    number_of(from, "at", p.at);
    number_of(from, "line", p.line);
    number_of(from, "rows", p.rows);
    number_of(from, "same", p.same);
    number_of(from, "bad_bytes", p.bad_bytes);
    number_of(from, "bad_kept", p.bad_kept);
    number_of(from, "started_ms", p.started_ms);
    number_of(from, "ended_ms", p.ended_ms);
    p.cursor = text_of(from, "cursor");
    if (const auto* gone = from.if_contains("file_gone"); gone && gone->is_bool()) p.file_gone = gone->get_bool();
  }
  if (!row.spec.empty()) {
    auto spec = http::parse_json(row.spec);
    if (!spec || !spec->is_object()) return bad();
    const auto& from = spec->get_object();
    out.spec.by = text_of(from, "by");
    if (const auto* all = from.if_contains("all_owners"); all && all->is_bool()) out.spec.all_owners = all->get_bool();
    if (const auto* filters = from.if_contains("filters"); filters && filters->is_object())
      if (read_filters(filters->get_object(), out.spec.rows)) return bad();
  }
  out.row = std::move(row);
  return out;
}

std::string job_json(const job_record& j) {
  return http::json_text(view_of(j));
}

std::string jobs_json(const std::vector<job_record>& jobs) {
  json::array list;
  for (const auto& j : jobs) list.push_back(view_of(j));
  return http::json_text(json::object{{"jobs", std::move(list)}});
}

bool may_see(const job_asker& who, const job_record& j) {
  if (who.admin) return true;
  if (j.row.kind != job_kind::export_codes || j.spec.all_owners || j.row.owner != who.owner) return false;
  if (who.pools.empty()) return true;
  const auto& pools = j.spec.rows.pools;
  return !pools.empty() && std::all_of(pools.begin(), pools.end(), [&](const auto& pool) {
    return std::find(who.pools.begin(), who.pools.end(), pool) != who.pools.end();
  });
}

caf::expected<job_spec> read_export_order(std::string_view body, const job_asker& who) {
  job_spec out;
  out.by = who.by;
  if (!body.empty()) {
    auto value = http::parse_json(body);
    if (!value) return std::move(value.error());
    if (!value->is_object()) return wrong("The body must be a JSON object of filters, or be left out.");
    if (value->get_object().if_contains("pools"))
      return wrong("pools: not a member of this body; these are pool, owner, tag, state, from and to");
    if (auto err = read_filters(value->get_object(), out.rows)) return err;
  }
  if (who.admin) {
    out.all_owners = true;
    return out;
  }
  auto& rows = out.rows;
  if (!rows.owner.empty() && rows.owner != who.owner)
    return fail(ec::forbidden, "owner: this key sees what '" + who.owner + "' owns; only an admin names another");
  rows.owner = who.owner;
  if (rows.pools.empty())
    rows.pools = who.pools;
  else if (!who.pools.empty() && std::find(who.pools.begin(), who.pools.end(), rows.pools[0]) == who.pools.end())
    return fail(ec::forbidden, "pool: this key may not see the pool '" + rows.pools[0] + "'");
  return out;
}

} // namespace qrwell
