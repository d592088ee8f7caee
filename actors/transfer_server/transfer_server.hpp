#pragma once

#include "actors/transfer_server/job_files.hpp"
#include "actors/transfer_server/slice_pace.hpp"
#include "messages/interfaces.hpp"
#include "runtime/codes/target_fields.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/vitals.hpp"
#include "runtime/http/target.hpp"
#include "runtime/http/visit.hpp"
#include "runtime/ids/code_id.hpp"
#include "runtime/keys/key_watch.hpp"

#include <memory>
#include <string>

namespace qrwell {

struct transfer_server_config {
  std::string node;
  secret admin_token; ///< of data_dir/admin.token, for the operators' listener; empty: only keys
  std::string folder; ///< of the files of jobs
  uint64_t min_free_bytes = 0;
  present_target_limits target;         ///< of imported codes
  std::shared_ptr<const mac_keys> ours; ///< what the scan server judges ids by; absent: it calls none forged
  slice_pace_config pace;
  bool gives_way = false;                   ///< its thread, which is its own, runs below all others
  uint64_t import_bytes_max = 1ull << 30;   ///< of one import's file
  uint64_t bad_rows_bytes_max = 4ull << 20; ///< of an import's file of bad rows; past it they are only counted
  uint64_t download_bytes_max = 4ull << 20; ///< of one answer with a part of a file
  uint32_t export_page_rows = 500;
  uint32_t read_bytes = 256 << 10; ///< of an import's file at once
  uint32_t jobs_open_max = 8;      ///< receiving, queued and running; past it 503
  uint32_t jobs_kept_max = 200;    ///< that have ended
  uint64_t jobs_kept_for_ms = 30ull * 86'400'000;
  uint64_t files_kept_for_ms = 86'400'000; ///< of exports and of failed imports, and how long an upload may pause
  uint32_t progress_interval_ms = 1'000;   ///< between two notes of how far a job is
  uint32_t care_interval_ms = 60'000;
  uint32_t store_timeout_ms = 10'000;
  uint32_t attempts_max = 30; ///< of one step while the store is away, with growing pauses up to 5 s
  size_t under_way_max = 32;  ///< requests; past it 503
  size_t parts_max = 16;      ///< of imports part by part that wait
};

caf::error validate(const transfer_server_config& cfg);

struct transfer_server_handles {
  store_reader_actor reader; ///< for keys
  store_reader_actor lists;
  store_writer_actor writer;
  scan_server_actor scans; ///< hears whose ids it cannot judge alone any more, before they are there
};

struct transfer_server_state {
  static constexpr const char* name = "transfer_server";
  std::unique_ptr<key_watch<watched<transfer_server_actor, transfer_server_state>*>> keys;
  std::string foreign_ids; ///< key characters that the scan server has heard of
  size_t under_way = 0;
  uint64_t served = 0, refused = 0;
};

/// Exports and imports. Everything that it does to the store is a slice of a few rows, one at a time however many jobs
/// and callers there are, with a pause behind each, so that single requests go first (P9). It waits for the disk: on a
/// thread of its own.
transfer_server_actor::behavior_type transfer_server(watched<transfer_server_actor, transfer_server_state>* self,
                                                     vitals_ptr v, transfer_server_config cfg, wall_clock wall,
                                                     transfer_server_handles handles);

} // namespace qrwell
