#include "actors/transfer_server/transfer_calls.hpp"

#include "runtime/http/json.hpp"
#include "runtime/logging/log.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace qrwell {
namespace {

const log::voice voice{"transfer_server"};

constexpr uint32_t jobs_read_max = 1'000;

// "17.import.csv" -> 17; 0 for what is none of ours.
uint64_t number_of(const std::string& file) {
  uint64_t out = 0;
  auto [end, err] = std::from_chars(file.data(), file.data() + file.size(), out);
  return err == std::errc{} && *end == '.' ? out : 0;
}

} // namespace

std::string spool_name(uint64_t job_id) {
  return fmt::format("{}.import.csv", job_id);
}
std::string bad_rows_name(uint64_t job_id) {
  return fmt::format("{}.bad.csv", job_id);
}
std::string export_name(uint64_t job_id) {
  return fmt::format("{}.export.csv", job_id);
}

// What a process before this one left open goes on: from the row that was written down last.
void transfer_calls::load() {
  if (loading_) return;
  if (!files_) {
    auto files = job_files::open(cfg_.folder, cfg_.min_free_bytes);
    trouble_ = files ? std::string() : render(files.error());
    if (!files) return;
    files_ = std::move(*files);
  }
  loading_ = true;
  self_->request(to_.lists, patience(), jobs_query{0, "", jobs_read_max})
      .then(
          [this_ = shared_from_this()](jobs_found& found) {
            this_->loaded_ = true;
            for (auto& row : found.jobs) {
              auto id = row.job_id;
              auto j = read_job(std::move(row));
              if (!j) {
                voice.error("a job is left alone", {{"job", id}, {"why", render(j.error())}});
                continue;
              }
              if (!j->open()) continue;
              if (j->row.node != this_->cfg_.node) {
                voice.warn("a job is left to the node that began it (node.name)", {{"job", id}, {"node", j->row.node}});
                continue;
              }
              if (j->row.state == job_state::running) {
                j->row.state = job_state::queued;
                voice.info("a job goes on that was interrupted",
                           {{"job", id}, {"rows", j->progress.rows}, {"by", j->spec.by}});
              }
              this_->jobs_.emplace(id, std::move(*j));
            }
            this_->load_ended();
            this_->go_on();
          },
          [this_ = shared_from_this()](const caf::error&) { this_->load_ended(); });
}

void transfer_calls::load_ended() {
  loading_ = false;
  for (const auto& [r, c] : std::exchange(waiting_, {})) (this->*r->run)(c);
}

bool transfer_calls::ready(const visit_ptr& v) {
  if (loaded_) return true;
  v->refuse(ec::unavailable,
            trouble_.empty() ? "the jobs are not read yet: try again" : "jobs: their folder cannot be used", 1);
  return false;
}

void transfer_calls::save(uint64_t job_id, then_fn then) {
  unsaved_.erase(job_id);
  auto it = jobs_.find(job_id);
  if (it == jobs_.end()) return;
  auto& j = it->second;
  j.row.changed_ms = wall_();
  j.row.place = write_progress(j.progress);
  self_->request(to_.writer, patience(), job_put{j.row})
      .then(
          [this_ = shared_from_this(), job_id, then](const job& saved) {
            auto found = this_->jobs_.find(job_id);
            auto runs = this_->run_ && this_->run_->job_id == job_id;
            // It stays while the store has not taken what changed since.
            if (found != this_->jobs_.end() && !found->second.open() && saved.state == found->second.row.state &&
                !runs && this_->unsaved_.count(job_id) == 0) {
              this_->drop_files(found->second);
              this_->jobs_.erase(found);
            }
            if (then) then({});
          },
          [this_ = shared_from_this(), job_id, then](const caf::error& why) {
            if (this_->jobs_.count(job_id) != 0) this_->unsaved_.insert(job_id);
            voice.warn("a job's state cannot be written down", {{"job", job_id}, {"why", render(why)}});
            if (then) then(why);
          });
}

void transfer_calls::end_job(uint64_t job_id, job_state state, std::string problem) {
  auto& j = jobs_.at(job_id);
  j.row.state = state;
  j.row.problem = std::move(problem);
  j.progress.ended_ms = wall_();
  if (run_ && run_->job_id == job_id) run_.reset();
  ++(state == job_state::failed ? jobs_failed_ : jobs_done_);
  tell(j, j.row.kind == job_kind::import_codes ? "import_ended" : "export_ended", j.spec.by);
  save(job_id);
}

// Of a failed one everything stays: it may be resumed.
void transfer_calls::drop_files(const job_record& j) {
  auto state = j.row.state;
  if (state == job_state::cancelled || (state == job_state::done && j.row.kind == job_kind::import_codes))
    for (const auto& name : {spool_name(j.row.job_id), export_name(j.row.job_id)})
      if (auto err = files_->remove(name)) voice.warn("a file stays", {{"file", name}, {"why", render(err)}});
}

void transfer_calls::tell(const job_record& j, std::string_view action, const std::string& by) {
  boost::json::object doc{{"job", j.row.job_id}, {"rows", j.progress.rows}};
  if (j.row.kind == job_kind::import_codes) {
    doc["added"] = j.row.rows_done;
    doc["same"] = j.progress.same;
    doc["bad"] = j.row.rows_failed;
  }
  doc["state"] = std::string(word_of(j.row.state));
  auto text = http::json_text(doc);
  voice.info("job", {{"action", action}, {"by", by}, {"what", text}, {"problem", j.row.problem}});
  self_->request(to_.writer, patience(), audit_put{by, std::string(action), text})
      .then([](done) {},
            [](const caf::error& why) {
              voice.warn("no audit entry", {{"why", render(why)}});
            });
}

void transfer_calls::care() {
  if (!loaded_) return load();
  for (auto id : std::set(unsaved_)) save(id);
  go_on();
  auto now = mono_us();
  if (now < care_due_us_ || caring_) return;
  care_due_us_ = now + int64_t{cfg_.care_interval_ms} * 1'000;
  std::vector<uint64_t> given_up;
  for (const auto& [id, j] : jobs_)
    if (j.row.state == job_state::receiving && busy_.count(id) == 0 &&
        wall_() - j.row.changed_ms > static_cast<int64_t>(cfg_.files_kept_for_ms))
      given_up.push_back(id);
  for (auto id : given_up)
    end_job(id, job_state::cancelled, "The rest of the file did not come in time (limits.job_files_kept).");
  caring_ = true;
  care_round round{wall_(), {}};
  for (const auto& [id, j] : jobs_) round.here.insert(id);
  self_->request(to_.lists, patience(), jobs_query{0, "", jobs_read_max})
      .then(
          [this_ = shared_from_this(), round = std::move(round)](jobs_found& found) {
            this_->caring_ = false;
            std::vector<job_record> jobs;
            for (auto& row : found.jobs)
              if (auto j = read_job(std::move(row))) jobs.push_back(std::move(*j));
            this_->care_for(std::move(jobs), round);
          },
          [this_ = shared_from_this()](const caf::error&) { this_->caring_ = false; });
}

// One that was begun or resumed since the store was asked has changed since, or is here.
bool transfer_calls::is_phantom(const job_record& j, const care_round& round) const {
  auto id = j.row.job_id;
  return j.open() && j.row.node == cfg_.node && jobs_.count(id) == 0 && round.here.count(id) == 0 &&
         j.row.changed_ms + 2 * int64_t{cfg_.store_timeout_ms} < round.asked_ms;
}

// The newest first. What is past its time or too much goes: first files, then the rows.
void transfer_calls::care_for(std::vector<job_record> jobs, const care_round& round) {
  auto now = wall_();
  jobs_drop drop;
  std::set<uint64_t> known;
  size_t kept = 0;
  for (auto& j : jobs) {
    auto id = j.row.job_id;
    known.insert(id);
    if (is_phantom(j, round)) {
      jobs_.emplace(id, j);
      end_job(id, job_state::cancelled, "It reached the store after its answer was given up: begin it again.");
      continue;
    }
    if (j.open() || jobs_.count(id) != 0) continue;
    auto age = now - j.progress.ended_ms;
    auto gone = ++kept > cfg_.jobs_kept_max || age > static_cast<int64_t>(cfg_.jobs_kept_for_ms);
    auto old = gone || age > static_cast<int64_t>(cfg_.files_kept_for_ms);
    if (old && !j.progress.file_gone) {
      (void)files_->remove(spool_name(id));
      (void)files_->remove(export_name(id));
      j.progress.file_gone = true;
      if (!gone) {
        j.row.place = write_progress(j.progress);
        self_->request(to_.writer, patience(), job_put{j.row}).then([](const job&) {}, [](const caf::error&) {});
      }
    }
    if (!gone) continue;
    (void)files_->remove(bad_rows_name(id));
    drop.job_ids.push_back(id);
  }
  // Left by a job that nobody remembers, e.g. since the store is an older copy.
  if (jobs.size() < jobs_read_max && making_ == 0)
    for (const auto& file : files_->list())
      if (auto id = number_of(file); id != 0 && known.count(id) == 0 && jobs_.count(id) == 0)
        (void)files_->remove(file);
  if (!drop.job_ids.empty())
    self_->request(to_.writer, patience(), std::move(drop)).then([](const affected&) {}, [](const caf::error&) {});
}

} // namespace qrwell
