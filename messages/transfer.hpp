#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"

namespace qrwell {

/// One code of an export: everything that must come along so that its print resolves elsewhere.
struct import_row {
  uint64_t line = 0; ///< in the file, for the report
  std::string id;
  code_state state = code_state::bound; ///< bound or revoked
  std::string pool, owner, path, query, tags;
  int64_t bound_ms = 0, expires_ms = 0;
  uint32_t version = 1;
  QRWELL_FIELDS(import_row, line, id, state, pool, owner, path, query, tags, bound_ms, expires_ms, version)
};

/// At most 500 rows, one transaction. Rows of which every field is there already are `same`, so that an import can be
/// repeated from its beginning.
struct import_rows {
  std::vector<import_row> rows;
  std::string actor;
  QRWELL_FIELDS(import_rows, rows, actor)
};

struct import_fault {
  uint64_t line = 0;
  std::string why;
  QRWELL_FIELDS(import_fault, line, why)
};

struct import_result {
  uint64_t added = 0, same = 0;
  std::vector<import_fault> faults;
  uint64_t binds_beside = 0; ///< groups of single requests that were bound since the slice before
  QRWELL_FIELDS(import_result, added, same, faults, binds_beside)
};

/// MAC keys of the place where the codes come from: their ids are asked of the store, since the keys are not here.
struct foreign_key {
  char key_char = '0';
  digest fingerprint{};
  QRWELL_FIELDS(foreign_key, key_char, fingerprint)
};

struct foreign_keys {
  std::vector<foreign_key> keys;
  std::string actor;
  QRWELL_FIELDS(foreign_keys, keys, actor)
};

/// Asks for the MAC keys of every code in the store.
struct mac_keys_query {
  QRWELL_NO_FIELDS(mac_keys_query)
};

enum class job_kind : uint8_t { import_codes = 1, export_codes = 2 };
enum class job_state : uint8_t {
  running = 1,
  done = 2,
  failed = 3,
  cancelled = 4,
  receiving = 5, ///< of an import: its file is not whole yet
  queued = 6,    ///< another one is running
};

/// A long piece of work, as it stood when it was last written down; a node that starts goes on from there.
struct job {
  uint64_t job_id = 0;
  job_kind kind = job_kind::export_codes;
  job_state state = job_state::running;
  std::string owner; ///< who asked; empty: an admin
  std::string node;
  int64_t created_ms = 0, changed_ms = 0;
  uint64_t rows_done = 0, rows_failed = 0, bytes = 0; ///< bytes: of the file that came, or is made
  std::string place;                                  ///< JSON: where to go on, and what has been counted
  std::string spec;                                   ///< JSON: what was asked, and by whom
  std::string problem;
  QRWELL_FIELDS(job, job_id, kind, state, owner, node, created_ms, changed_ms, rows_done, rows_failed, bytes, place,
                spec, problem)
};

/// Makes (job_id 0) or updates one.
struct job_put {
  job what;
  QRWELL_FIELDS(job_put, what)
};

struct jobs_query {
  uint64_t job_id = 0; ///< 0: the newest
  std::string owner;   ///< empty: of all
  uint32_t limit = 100;
  QRWELL_FIELDS(jobs_query, job_id, owner, limit)
};

/// Forgets jobs that have ended. The newest of all stays, so that no number is given twice.
struct jobs_drop {
  std::vector<uint64_t> job_ids;
  QRWELL_FIELDS(jobs_drop, job_ids)
};

struct jobs_found {
  std::vector<job> jobs;
  QRWELL_FIELDS(jobs_found, jobs)
};

} // namespace qrwell
