#include "actors/transfer_server/transfer_calls.hpp"
#include "actors/transfer_server/transfer_requests.hpp"

#include "runtime/http/client_sentence.hpp"
#include "runtime/logging/log.hpp"

#include <algorithm>

namespace qrwell {
namespace {

const log::voice voice{"transfer_server"};

// The store is away or has too much to do: it may take the same step later.
bool may_pass(ec code) {
  return code == ec::store_busy || code == ec::unavailable || code == ec::timeout || code == ec::overloaded ||
         code == ec::outcome_unknown;
}

} // namespace

// One slice at a time, of a job and of those who import part by part in turn.
void transfer_calls::go_on() {
  while (!working_) {
    if (!parts_.empty() && (job_was_last_ || !run_)) {
      job_was_last_ = false;
      part_slice();
      continue;
    }
    if (!run_ && loaded_) begin_next();
    if (working_) return;
    if (run_) {
      job_was_last_ = true;
      working_ = true;
      return step();
    }
    if (parts_.empty()) return;
  }
}

void transfer_calls::pause_for(int64_t us) {
  working_ = true;
  step_due_us_ = mono_us() + us;
  self_->delayed_send(self_, std::chrono::microseconds(us), tick{});
}

void transfer_calls::begin_next() {
  auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [](const auto& x) { return x.second.row.state == job_state::queued; });
  if (found == jobs_.end()) return;
  auto& [id, j] = *found;
  j.row.state = job_state::running;
  if (j.progress.started_ms == 0) j.progress.started_ms = wall_();
  run_ = running{};
  run_->job_id = id;
  run_->noted_us = mono_us();
  run_->noted_at = j.progress.at;
  if (j.row.kind == job_kind::import_codes) {
    auto text = files_->read(spool_name(id), 0, csv_record_bytes_max);
    auto header = text ? read_import_header(*text, text->size() == j.row.bytes, cfg_.target, wall_())
                       : caf::expected<import_header>(text.error());
    if (!header) return fail_job(header.error());
    run_->header = std::move(header->text);
    run_->reader.emplace(std::move(header->rows), j.progress.line);
    run_->read_at = j.progress.at;
  }
  save(id);
}

void transfer_calls::step() {
  auto& j = jobs_.at(run_->job_id);
  if (run_->cancelled) {
    end_job(run_->job_id, job_state::cancelled, j.row.problem);
    return pause_for(0);
  }
  auto due = mono_us() - run_->noted_us >= int64_t{cfg_.progress_interval_ms} * 1'000;
  auto whole = !run_->slice && !(run_->reader && run_->reader->within_line());
  if (due && whole && run_->noted_at != j.progress.at) return note_progress();
  j.row.kind == job_kind::import_codes ? import_step() : export_step();
}

// Files first: what the store says of them must be there after a loss of power.
void transfer_calls::note_progress() {
  auto id = run_->job_id;
  auto& j = jobs_.at(id);
  auto import = j.row.kind == job_kind::import_codes;
  if (!import || j.progress.bad_bytes > 0)
    if (auto err = files_->sync(import ? bad_rows_name(id) : export_name(id))) return step_failed(err);
  run_->noted_us = mono_us();
  run_->noted_at = j.progress.at;
  save(id, [this_ = shared_from_this()](const caf::error&) { this_->pause_for(this_->cfg_.pace.pause_min_us); });
}

void transfer_calls::step_failed(const caf::error& why) {
  auto id = run_->job_id;
  if (run_->cancelled) return pause_for(0); // that is how it ends, whatever failed
  if (may_pass(code_of(why)) && ++run_->attempts < cfg_.attempts_max) {
    if (run_->attempts == 1) voice.warn("a job waits for the store", {{"job", id}, {"why", render(why)}});
    return pause_for(std::min<int64_t>(5'000'000, int64_t{100'000} << std::min(run_->attempts, 6u)));
  }
  fail_job(why);
}

void transfer_calls::fail_job(const caf::error& why) {
  auto id = run_->job_id;
  voice.warn("a job failed", {{"job", id}, {"why", render(why)}});
  auto sentence = sentence_of(why);
  end_job(id, job_state::failed,
          std::string(http::client_sentence(code_of(why), sentence.empty() ? render(why) : sentence)));
  pause_for(0);
}

// -- import
// ------------------------------------------------------------------------------------------------------------------

void transfer_calls::import_step() {
  auto& r = *run_;
  auto& j = jobs_.at(r.job_id);
  if (!r.slice) {
    r.slice = r.reader->next(pace_.rows());
    while (!r.slice && !r.reader->ended()) {
      auto left = j.row.bytes - std::min(r.read_at, j.row.bytes);
      if (left == 0) {
        r.reader->end();
      } else {
        auto data = files_->read(spool_name(r.job_id), r.read_at, std::min<uint64_t>(left, cfg_.read_bytes));
        if (!data) return step_failed(data.error());
        if (data->empty())
          return step_failed(fail(ec::conflict, "The file of this import is shorter than what came: import it again."));
        r.read_at += data->size();
        r.reader->feed(*data);
      }
      r.slice = r.reader->next(pace_.rows());
    }
    r.keys_known = false;
  }
  if (!r.slice) {
    if (j.progress.bad_bytes > 0)
      if (auto err = files_->sync(bad_rows_name(r.job_id))) return step_failed(err);
    end_job(r.job_id, job_state::done, "");
    return pause_for(0);
  }
  if (r.keys_known) return import_rows_of_slice();
  register_keys(j.spec.by, r.slice->part, [this_ = shared_from_this()](const caf::error& why) {
    if (why) return this_->step_failed(why);
    this_->run_->keys_known = true;
    this_->import_rows_of_slice();
  });
}

void transfer_calls::import_rows_of_slice() {
  const auto& slice = *run_->slice;
  if (slice.part.rows.empty()) return import_done({}, 0);
  self_->request(to_.writer, patience(), import_rows{slice.part.rows, jobs_.at(run_->job_id).spec.by})
      .then([this_ = shared_from_this(),
             begun = mono_us()](const import_result& got) { this_->import_done(got, this_->mono_us() - begun); },
            [this_ = shared_from_this()](const caf::error& why) { this_->step_failed(why); });
}

void transfer_calls::import_done(const import_result& got, int64_t took_us) {
  auto& r = *run_;
  auto& j = jobs_.at(r.job_id);
  auto& p = j.progress;
  const auto& slice = *r.slice;
  auto faults = slice.part.faults;
  faults.insert(faults.end(), got.faults.begin(), got.faults.end());
  std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  std::string bad = p.bad_bytes == 0 && !faults.empty() ? bad_rows_header(r.header) : "";
  uint64_t kept = 0;
  for (const auto& fault : faults) {
    auto row = bad_row(r.header, slice.record(fault.line), fault);
    if (p.bad_bytes + bad.size() + row.size() > cfg_.bad_rows_bytes_max) break;
    bad += row;
    ++kept;
  }
  // A disk without room fails before the slice counts: resumed, its rows come again, and are `same`.
  if (kept > 0) {
    if (auto err = files_->write(bad_rows_name(r.job_id), p.bad_bytes, bad)) return step_failed(err);
    p.bad_bytes += bad.size();
    p.bad_kept += kept;
  }
  j.row.rows_done += got.added;
  j.row.rows_failed += faults.size();
  p.same += got.same;
  p.rows += slice.records;
  p.at += slice.bytes;
  p.line += slice.lines;
  rows_ += slice.records;
  slowest_slice_us_ = std::max(slowest_slice_us_, took_us);
  r.attempts = 0;
  auto rows = static_cast<uint32_t>(slice.part.rows.size());
  r.slice.reset();
  pause_for(rows == 0 ? 0 : pace_.took(took_us, rows, got.binds_beside));
}

// -- export
// ------------------------------------------------------------------------------------------------------------------

void transfer_calls::export_step() {
  auto& r = *run_;
  auto& j = jobs_.at(r.job_id);
  if (j.progress.at == 0 && r.head.empty()) {
    // Who takes all codes elsewhere needs the keys that signed their ids; others do not.
    if (!j.spec.all_owners) {
      r.head = transfer_header;
    } else {
      self_->request(to_.lists, patience(), mac_keys_query{})
          .then(
              [this_ = shared_from_this()](const foreign_keys& known) {
                auto& head = this_->run_->head;
                head = transfer_header;
                for (const auto& key : known.keys) append_transfer_row(head, key);
                this_->export_step();
              },
              [this_ = shared_from_this()](const caf::error& why) { this_->step_failed(why); });
      return;
    }
  }
  auto asked = j.spec.rows;
  asked.limit = cfg_.export_page_rows;
  if (!j.progress.cursor.empty())
    if (auto err = read_export_cursor(j.progress.cursor, asked)) return step_failed(err);
  self_->request(to_.lists, patience(), std::move(asked))
      .then([this_ = shared_from_this()](const code_page& page) { this_->export_page_done(page); },
            [this_ = shared_from_this()](const caf::error& why) { this_->step_failed(why); });
}

void transfer_calls::export_page_done(const code_page& page) {
  auto& r = *run_;
  auto& j = jobs_.at(r.job_id);
  auto& p = j.progress;
  std::string text = p.at == 0 ? r.head : "";
  for (const auto& code : page.codes) append_transfer_row(text, code, page.now_ms);
  if (auto err = files_->write(export_name(r.job_id), p.at, text)) return step_failed(err);
  p.at += text.size();
  p.rows += page.codes.size();
  p.cursor = next_cursor(page);
  j.row.bytes = p.at;
  j.row.rows_done = p.rows;
  rows_ += page.codes.size();
  r.attempts = 0;
  if (p.cursor.empty() && !run_->cancelled) {
    if (auto err = files_->sync(export_name(r.job_id))) return step_failed(err);
    end_job(r.job_id, job_state::done, "");
    return pause_for(0);
  }
  // The reader rests behind each page by itself.
  pause_for(cfg_.pace.pause_min_us);
}

} // namespace qrwell
