#pragma once

#include "actors/transfer_server/import_reader.hpp"
#include "actors/transfer_server/job_record.hpp"
#include "actors/transfer_server/transfer_server.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace qrwell {

/// The work of the transfer server. `transfer_calls.cpp` has the table of calls, `job_calls.cpp` those of jobs,
/// `page_calls.cpp` those that export and import piece by piece; `job_desk.cpp` keeps the jobs, `job_steps.cpp` does
/// them.
class transfer_calls : public std::enable_shared_from_this<transfer_calls> {
public:
  using self_ptr = watched<transfer_server_actor, transfer_server_state>*;
  using visit = http::visit<self_ptr>;
  using visit_ptr = std::shared_ptr<visit>;

  transfer_calls(self_ptr self, transfer_server_config cfg, wall_clock wall, transfer_server_handles handles);

  void serve(http_batch& batch);
  void on_tick();
  actor_status status() const;

private:
  struct call {
    visit_ptr v;
    http::target target;
    job_asker who;
    uint64_t job_id = 0; ///< of a path that names one
  };
  struct route {
    http_method method;
    std::vector<std::string_view> path; ///< "*" stands for the number of a job
    uint8_t scope;
    void (transfer_calls::*run)(const call&);
  };
  using then_fn = std::function<void(const caf::error&)>;

  // transfer_calls.cpp
  static const std::vector<route>& routes();
  void dispatch(const visit_ptr& v);
  void authorize(const route& r, call c);
  void run(const route& r, call c);
  static bool csv_sent(const call& c); ///< if not, it has answered 415

  // page_calls.cpp
  void export_page(const call& c);
  void import_part(const call& c);
  void part_slice();
  void part_ended(const caf::error& failure);

  // job_calls.cpp
  void begin_import(const call& c);
  void add_to_import(const call& c);
  void begin_export(const call& c);
  void list_jobs(const call& c);
  void show_job(const call& c);
  void cancel_job(const call& c);
  void resume_job(const call& c);
  void send_file(const call& c);
  void send_bad_rows(const call& c);
  /// The job of the path, if who asks may see it; else it has answered.
  void with_job(const call& c, std::function<void(const job_record&)> then);
  /// An open job that is none of those here.
  void refuse_open(const call& c, const job_record& j);
  void make_job(const call& c, job_record j, std::function<void(uint64_t)> then);
  void send_bytes(const call& c, const job_record& j, const std::string& name, uint64_t size);
  void answer_job(const visit_ptr& v, int status, const job_record& j);

  // job_desk.cpp
  void load();
  void load_ended();
  bool ready(const visit_ptr& v); ///< if not, it has answered
  /// Writes a job down as it is now.
  void save(uint64_t job_id, then_fn then = {});
  void end_job(uint64_t job_id, job_state state, std::string problem);
  void drop_files(const job_record& j);
  void care();
  struct care_round {
    int64_t asked_ms = 0;
    std::set<uint64_t> here; ///< jobs that were known when the store was asked
  };
  void care_for(std::vector<job_record> jobs, const care_round& round);
  /// It was written down after whoever asked for it was told that this is not known: nobody does it.
  bool is_phantom(const job_record& j, const care_round& round) const;
  void tell(const job_record& j, std::string_view action, const std::string& by);

  // job_steps.cpp
  void go_on();
  void pause_for(int64_t us);
  void begin_next();
  void step();
  void import_step();
  void import_rows_of_slice();
  void import_done(const import_result& got, int64_t took_us);
  void export_step();
  void export_page_done(const code_page& page);
  void note_progress();
  void step_failed(const caf::error& why); ///< it may be taken again
  void fail_job(const caf::error& why);

  /// Before the codes: none of them must be there before its id is known to be possible, to the store, which tells each
  /// scan server that starts, and to the one that runs.
  void register_keys(const std::string& actor, const transfer_part& part, then_fn then);
  void tell_scans(const std::string& characters, then_fn then);

  int64_t mono_us() const;
  std::chrono::milliseconds patience() const { return std::chrono::milliseconds(cfg_.store_timeout_ms); }

  struct import_part_run {
    call c;
    std::vector<import_row> rows;
    import_result sum; ///< so far
    size_t at = 0;     ///< the next row
  };
  struct running {
    uint64_t job_id = 0;
    bool cancelled = false;
    std::optional<import_reader> reader;
    std::string header;
    uint64_t read_at = 0;              ///< of an import's file
    std::optional<import_slice> slice; ///< read and not yet in the store
    bool keys_known = false;           ///< of the slice
    std::string head;                  ///< of an export: what stands before its first page
    int64_t noted_us = 0;
    uint64_t noted_at = 0;
    uint32_t attempts = 0;
  };

  self_ptr self_;
  transfer_server_config cfg_;
  wall_clock wall_;
  transfer_server_handles to_;
  std::optional<job_files> files_;
  std::string trouble_; ///< why there are no files
  slice_pace pace_;
  std::vector<std::pair<const route*, call>> waiting_; ///< for the jobs that are being read
  std::deque<import_part_run> parts_;
  std::map<uint64_t, job_record> jobs_; ///< that are open, or whose end is not written down yet
  std::set<uint64_t> unsaved_;          ///< jobs whose last change the store has not taken
  std::set<uint64_t> busy_;             ///< imports with a part of their file under way
  std::optional<running> run_;
  bool loaded_ = false, loading_ = false, working_ = false, job_was_last_ = false, caring_ = false;
  size_t making_ = 0;
  int64_t step_due_us_ = -1, second_due_us_ = 0, care_due_us_ = 0;
  uint64_t jobs_done_ = 0, jobs_failed_ = 0, rows_ = 0;
  int64_t slowest_slice_us_ = 0;
};

std::string spool_name(uint64_t job_id);
std::string bad_rows_name(uint64_t job_id);
std::string export_name(uint64_t job_id);

} // namespace qrwell
