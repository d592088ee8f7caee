#include "runtime/ids/hash.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "runtime/stores/sqlite/stored_tags.hpp"

#include <fmt/format.h>

#include <map>

namespace qrwell {

using namespace sqlite;

namespace {

constexpr size_t import_rows_max = 500;

// One generation per pool for what was fetched elsewhere: dead, so that nothing is ever stocked in it. App 0 is none.
constexpr sql find_foreign{"find_foreign", "SELECT gen_id FROM generations WHERE pool = ? AND spec_hash = ?"};
constexpr sql put_foreign{
    "put_foreign", "INSERT INTO generations(gen_id, pool, app_id, spec, spec_hash, state, created_ms) "
                   "VALUES((SELECT coalesce(max(gen_id), 0) + 1 FROM generations), ?, 0, ?, ?, 3, ?) RETURNING gen_id"};
constexpr sql put_imported{"put_imported",
                           "INSERT INTO codes(id, gen_id, kind, state, version, bind_nonce, owner, path, query, tags, "
                           "expires_ms, bound_ms, changed_ms) VALUES(?, ?, 3, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
constexpr sql put_imported_history{
    "put_imported_history",
    "INSERT INTO history(id, version, op, at_ms, actor, request_id) VALUES(?, ?, 6, ?, ?, NULL)"};
constexpr sql put_imported_tag{
    "put_imported_tag", "INSERT INTO code_tags(owner, tag, bound_ms, id) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING"};

#define QRWELL_JOB                                                                                                     \
  "SELECT job_id, kind, state, owner, node, created_ms, changed_ms, rows_done, rows_failed, bytes, place, spec, "      \
  "problem FROM jobs "
constexpr sql find_job{"find_job", QRWELL_JOB "WHERE job_id = ?"};
constexpr sql newest_jobs{"newest_jobs", QRWELL_JOB "ORDER BY job_id DESC LIMIT ?"};
constexpr sql newest_jobs_of{"newest_jobs_of", QRWELL_JOB "WHERE owner = ? ORDER BY job_id DESC LIMIT ?"};
#undef QRWELL_JOB
constexpr sql make_job{
    "make_job",
    "INSERT INTO jobs(job_id, kind, state, owner, node, created_ms, changed_ms, rows_done, rows_failed, "
    "bytes, place, spec, problem) VALUES((SELECT coalesce(max(job_id), 0) + 1 FROM jobs), ?, ?, ?, ?, ?, ?, "
    "?, ?, ?, ?, ?, ?) RETURNING job_id"};
constexpr sql update_job{"update_job", "UPDATE jobs SET state = ?, changed_ms = ?, rows_done = ?, rows_failed = ?, "
                                       "bytes = ?, place = ?, problem = ? WHERE job_id = ?"};

// 2, 3 and 4: done, failed, cancelled.
constexpr sql drop_job{"drop_job", "DELETE FROM jobs WHERE job_id = ? AND state IN (2, 3, 4) AND job_id < (SELECT "
                                   "max(job_id) FROM jobs)"};

job job_at(statement& row) {
  job j;
  j.job_id = row.as<uint64_t>(0);
  j.kind = row.as<job_kind>(1);
  j.state = row.as<job_state>(2);
  j.owner = row.text(3);
  j.node = row.text(4);
  j.created_ms = row.integer(5);
  j.changed_ms = row.integer(6);
  j.rows_done = row.as<uint64_t>(7);
  j.rows_failed = row.as<uint64_t>(8);
  j.bytes = row.as<uint64_t>(9);
  j.place = row.text(10);
  j.spec = row.text(11);
  j.problem = row.text(12);
  return j;
}

bool says_the_same(const code_view& here, const import_row& row) {
  return here.state == row.state && here.pool == row.pool && here.owner == row.owner && here.path == row.path &&
         here.query == row.query && here.tags == row.tags && here.bound_ms == row.bound_ms &&
         here.expires_ms == row.expires_ms && here.version == row.version;
}

} // namespace

uint32_t sqlite_code_store::foreign_generation(const std::string& pool) {
  static const std::string spec = R"({"imported":true})";
  auto hash = sha256(spec);
  {
    auto row = db_->use(find_foreign);
    if (row.arg(pool).arg(hash).step()) return row.as<uint32_t>(0);
  }
  auto put = db_->use(put_foreign);
  put.arg(pool).arg(spec).arg(hash).arg(clock_.wall_ms()).step();
  return put.as<uint32_t>(0);
}

caf::expected<import_result> sqlite_code_store::import_codes(const import_rows& rows) {
  if (rows.rows.size() > import_rows_max)
    return fail(ec::invalid_request,
                fmt::format("{} rows to import at once: {} are the most", rows.rows.size(), import_rows_max));
  return write([&] {
    import_result out;
    std::map<std::string, uint32_t> gens;
    for (auto& row : rows.rows) {
      if (auto here = read_code(row.id)) {
        if (says_the_same(*here, row))
          ++out.same;
        else
          out.faults.push_back({row.line, fmt::format("{} is here already and stands for something else (version {}, "
                                                      "owner {})",
                                                      row.id, here->version, here->owner)});
        continue;
      }
      auto [gen, is_new] = gens.try_emplace(row.pool, 0);
      if (is_new) gen->second = foreign_generation(row.pool);
      write_imported(row, gen->second, rows.actor);
      ++out.added;
    }
    if (out.added > 0) bump_commit_seq();
    return out;
  });
}

void sqlite_code_store::write_imported(const import_row& row, uint32_t gen_id, const std::string& actor) {
  auto now = clock_.wall_ms();
  auto mark = random_nonce();
  db_->use(put_imported)
      .arg(row.id)
      .arg(gen_id)
      .arg(static_cast<int>(row.state))
      .arg(row.version)
      .arg(mark)
      .arg(row.owner)
      .arg(row.path)
      .arg_or_null(row.query)
      .arg_or_null(row.tags)
      .arg_or_null(row.expires_ms)
      .arg(row.bound_ms)
      .arg(now)
      .run();
  db_->use(put_imported_history).arg(row.id).arg(row.version).arg(now).arg_or_null(actor).run();
  for (auto& tag : tags_in(row.tags))
    db_->use(put_imported_tag).arg(row.owner).arg(tag).arg(row.bound_ms).arg(row.id).run();
}

caf::expected<job> sqlite_code_store::put_job(const job_put& put) {
  return write([&] {
    auto j = put.what;
    auto now = clock_.wall_ms();
    j.changed_ms = now;
    if (j.job_id == 0) {
      j.created_ms = now;
      auto made = db_->use(make_job);
      made.arg(static_cast<int>(j.kind)).arg(static_cast<int>(j.state)).arg(j.owner).arg(j.node).arg(now).arg(now);
      made.arg(j.rows_done).arg(j.rows_failed).arg(j.bytes).arg(j.place).arg(j.spec).arg(j.problem).step();
      j.job_id = made.as<uint64_t>(0);
      return j;
    }
    auto changed = db_->use(update_job)
                       .arg(static_cast<int>(j.state))
                       .arg(now)
                       .arg(j.rows_done)
                       .arg(j.rows_failed)
                       .arg(j.bytes)
                       .arg(j.place)
                       .arg(j.problem)
                       .arg(j.job_id)
                       .run();
    if (changed == 0) throw refusal{fail(ec::not_found, fmt::format("there is no job {}", j.job_id))};
    return j;
  });
}

caf::expected<jobs_found> sqlite_code_store::jobs(const jobs_query& query) {
  return read([&] {
    jobs_found out;
    auto row = db_->use(query.job_id ? find_job : query.owner.empty() ? newest_jobs : newest_jobs_of);
    if (query.job_id)
      row.arg(query.job_id);
    else if (query.owner.empty())
      row.arg(query.limit);
    else
      row.arg(query.owner).arg(query.limit);
    while (row.step())
      if (auto j = job_at(row); query.owner.empty() || j.owner == query.owner) out.jobs.push_back(std::move(j));
    return out;
  });
}

caf::expected<affected> sqlite_code_store::drop_jobs(const jobs_drop& drop) {
  return write([&] {
    affected out;
    for (auto id : drop.job_ids) out.count += static_cast<uint64_t>(db_->use(drop_job).arg(id).run());
    return out;
  });
}

} // namespace qrwell
