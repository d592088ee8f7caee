#pragma once

#include "messages/errors.hpp"
#include "messages/listing.hpp"
#include "messages/transfer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qrwell {

/// How far a job is: what job::place says.
struct job_progress {
  uint64_t at = 0;   ///< bytes: of an import's file that are dealt with, of an export's that are written
  uint64_t line = 1; ///< of an import's file, in which the byte `at` lies
  uint64_t rows = 0, same = 0;
  uint64_t bad_bytes = 0, bad_kept = 0; ///< of the file of bad rows, and its rows
  std::string cursor;                   ///< of an export: where the next page begins
  int64_t started_ms = 0, ended_ms = 0;
  bool file_gone = false; ///< what it made or came from is deleted

  friend bool operator==(const job_progress&, const job_progress&) = default;
};

/// What was asked: what job::spec says.
struct job_spec {
  std::string by;          ///< "key:NAME" or "admin token"
  bool all_owners = false; ///< of an export by an admin
  code_list rows;          ///< of an export: its filters
};

std::string write_progress(const job_progress& progress);
std::string write_spec(const job_spec& spec, job_kind kind);

/// A job and what its texts say.
struct job_record {
  job row;
  job_progress progress;
  job_spec spec;

  bool open() const noexcept {
    return row.state == job_state::receiving || row.state == job_state::queued || row.state == job_state::running;
  }
};

/// Error internal for texts that this program did not write.
caf::expected<job_record> read_job(job row);

/// As answers and the audit name it.
std::string_view word_of(job_state s);

/// The one JSON form of a job.
std::string job_json(const job_record& j);
std::string jobs_json(const std::vector<job_record>& jobs);

/// Who asks, and what of others' they may see.
struct job_asker {
  std::string by, owner;
  std::vector<std::string> pools; ///< empty: all
  bool admin = false;
};

/// An admin sees every job; others the exports that they could have asked for themselves.
bool may_see(const job_asker& who, const job_record& j);

/// The body of `POST /v1/exports`: the filters of a list. Errors invalid_request and forbidden name the member.
caf::expected<job_spec> read_export_order(std::string_view body, const job_asker& who);

} // namespace qrwell
