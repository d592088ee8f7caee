#include "actors/transfer_server/transfer_calls.hpp"

#include "runtime/http/byte_range.hpp"
#include "runtime/http/client_sentence.hpp"
#include "runtime/http/json.hpp"
#include "runtime/http/params.hpp"
#include "runtime/logging/log.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <charconv>

namespace qrwell {
namespace {

const log::voice voice{"transfer_server"};

constexpr uint32_t jobs_shown = 20, jobs_shown_max = 100;

template <class T>
bool read_number(std::string_view text, T& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && err == std::errc{} && end == text.data() + text.size();
}

caf::expected<bool> read_complete(const http::target& target, bool otherwise) {
  auto text = target.param("complete");
  if (!text) return otherwise;
  if (*text == "true") return true;
  if (*text == "false") return false;
  return fail(ec::invalid_request, "complete: must be true or false");
}

// A client does not hear where it lies.
void note_trouble(uint64_t job_id, const caf::error& why) {
  voice.warn("a file of a job cannot be used", {{"job", job_id}, {"why", render(why)}});
}

http::problem too_large(uint64_t bytes_max) {
  http::problem what;
  what.code = ec::invalid_request;
  what.status = 413;
  what.detail = fmt::format("The file of an import may have {} bytes (limits.import_bytes_max): split it.", bytes_max);
  return what;
}

} // namespace

void transfer_calls::answer_job(const visit_ptr& v, int status, const job_record& j) {
  auto body = job_json(j);
  auto place = fmt::format("/v1/jobs/{}", j.row.job_id);
  v->answer([&](http::answer_writer& out) {
    out.add(v->request.at, status, "application/json", body, v->request.request_id,
            {{"Location", status == 200 ? "" : place}, {"Cache-Control", "no-store"}},
            v->request.method == http_method::head);
  });
}

void transfer_calls::make_job(const call& c, job_record j, std::function<void(uint64_t)> then) {
  if (jobs_.size() + making_ >= cfg_.jobs_open_max)
    return c.v->refuse(ec::overloaded,
                       fmt::format("{} jobs wait or run already (limits.jobs_open_max): try again when one has ended",
                                   cfg_.jobs_open_max),
                       10);
  ++making_;
  auto import = j.row.kind == job_kind::import_codes;
  j.row.node = cfg_.node;
  j.row.spec = write_spec(j.spec, j.row.kind);
  j.row.place = write_progress(j.progress);
  auto failed = [this_ = shared_from_this(), v = c.v](const caf::error& why) {
    --this_->making_;
    v->refuse(why);
  };
  // First who does it: what the store cannot write down does not happen.
  audit_put entry{c.who.by, import ? "import" : "export", j.row.spec};
  self_->request(to_.writer, patience(), std::move(entry))
      .then(
          [this_ = shared_from_this(), j, then, failed](done) {
            this_->self_->request(this_->to_.writer, this_->patience(), job_put{j.row})
                .then(
                    [this_, j, then](const job& made) mutable {
                      --this_->making_;
                      j.row = made;
                      this_->jobs_.insert_or_assign(made.job_id, std::move(j));
                      then(made.job_id);
                    },
                    failed);
          },
          failed);
}

void transfer_calls::begin_import(const call& c) {
  if (!csv_sent(c) || !ready(c.v)) return;
  auto complete = read_complete(c.target, true);
  if (auto err = complete ? check_params(c.target, {"complete"}) : complete.error()) return c.v->refuse(err);
  const auto& body = c.v->request.body;
  auto header = read_import_header(body, *complete, cfg_.target, wall_());
  if (!header) return c.v->refuse(header.error());
  if (body.size() > cfg_.import_bytes_max) return c.v->refuse(too_large(cfg_.import_bytes_max));
  job_record j;
  j.row.kind = job_kind::import_codes;
  j.row.state = job_state::receiving;
  j.spec.by = c.who.by;
  j.progress.at = header->bytes;
  j.progress.line = 1 + header->lines;
  make_job(c, std::move(j), [this_ = shared_from_this(), v = c.v, complete = *complete](uint64_t id) {
    auto& made = this_->jobs_.at(id);
    auto err = this_->files_->write(spool_name(id), 0, v->request.body);
    if (!err) err = this_->files_->sync(spool_name(id));
    if (err) {
      note_trouble(id, err);
      this_->end_job(id, job_state::cancelled, std::string(http::client_sentence(code_of(err), sentence_of(err))));
      return v->refuse(err);
    }
    made.row.bytes = v->request.body.size();
    if (complete) made.row.state = job_state::queued;
    this_->busy_.insert(id);
    this_->save(id, [this_, v, id, complete](const caf::error& why) {
      this_->busy_.erase(id);
      auto found = this_->jobs_.find(id);
      if (why) {
        if (found != this_->jobs_.end() && found->second.open())
          this_->end_job(id, job_state::cancelled, "Its beginning could not be written down.");
        return v->refuse(why);
      }
      if (found != this_->jobs_.end()) this_->answer_job(v, complete ? 202 : 201, found->second);
      this_->go_on();
    });
  });
}

void transfer_calls::add_to_import(const call& c) {
  if (!csv_sent(c) || !ready(c.v)) return;
  auto complete = read_complete(c.target, false);
  if (auto err = complete ? check_params(c.target, {"complete", "offset"}) : complete.error()) return c.v->refuse(err);
  uint64_t offset = 0;
  auto sent = c.target.param("offset");
  if (!sent || !read_number(*sent, offset))
    return c.v->refuse(ec::invalid_request, "offset: must say how many bytes of the file came before this part");
  auto found = jobs_.find(c.job_id);
  if (found == jobs_.end() || found->second.row.state != job_state::receiving)
    return with_job(c, [this_ = shared_from_this(), c](const job_record& j) {
      if (j.row.kind == job_kind::export_codes)
        return c.v->refuse(ec::conflict, "this job is an export: it takes no parts of a file");
      if (j.row.state == job_state::receiving) return this_->refuse_open(c, j);
      c.v->refuse(ec::conflict,
                  fmt::format("this import is {}: it takes no more parts of its file", word_of(j.row.state)));
    });
  auto& j = found->second;
  if (busy_.count(c.job_id) != 0)
    return c.v->refuse(ec::overloaded, "another part of this file is being written: send one after the other", 1);
  if (offset != j.row.bytes)
    return c.v->refuse(ec::conflict,
                       fmt::format("offset: {} bytes are here; go on with offset={}", j.row.bytes, j.row.bytes));
  const auto& body = c.v->request.body;
  if (body.empty() && !*complete) return c.v->refuse(ec::invalid_request, "The body is empty; send the next part.");
  if (offset + body.size() > cfg_.import_bytes_max) return c.v->refuse(too_large(cfg_.import_bytes_max));
  auto err = files_->write(spool_name(c.job_id), offset, body);
  if (!err) err = files_->sync(spool_name(c.job_id));
  if (err) {
    note_trouble(c.job_id, err);
    return c.v->refuse(err);
  }
  j.row.bytes += body.size();
  if (*complete) j.row.state = job_state::queued;
  busy_.insert(c.job_id);
  save(c.job_id, [this_ = shared_from_this(), v = c.v, id = c.job_id](const caf::error& why) {
    this_->busy_.erase(id);
    if (why) return v->refuse(why); // the part is here all the same: a repeat hears the new offset
    if (auto now = this_->jobs_.find(id); now != this_->jobs_.end()) this_->answer_job(v, 200, now->second);
    this_->go_on();
  });
}

void transfer_calls::begin_export(const call& c) {
  if (!ready(c.v)) return;
  if (auto err = check_params(c.target, {})) return c.v->refuse(err);
  if (!c.v->request.body.empty() && !http::is_json_type(c.v->request.content_type))
    return c.v->refuse(http::problem_not_json());
  auto order = read_export_order(c.v->request.body, c.who);
  if (!order) return c.v->refuse(order.error());
  job_record j;
  j.row.kind = job_kind::export_codes;
  j.row.state = job_state::queued;
  j.row.owner = c.who.admin ? "" : c.who.owner;
  j.spec = std::move(*order);
  make_job(c, std::move(j), [this_ = shared_from_this(), v = c.v](uint64_t id) {
    this_->answer_job(v, 202, this_->jobs_.at(id));
    this_->go_on();
  });
}

void transfer_calls::list_jobs(const call& c) {
  if (!ready(c.v)) return;
  jobs_query asked{0, c.who.admin ? "" : c.who.owner};
  if (auto err = check_params(c.target, {"limit"})) return c.v->refuse(err);
  auto limit = http::read_limit(c.target, jobs_shown, jobs_shown_max);
  if (!limit) return c.v->refuse(limit.error());
  asked.limit = *limit;
  self_->request(to_.lists, patience(), asked)
      .then(
          [this_ = shared_from_this(), c](jobs_found& found) {
            std::vector<job_record> out;
            for (auto& row : found.jobs) {
              auto open = this_->jobs_.find(row.job_id);
              auto j = open == this_->jobs_.end() ? read_job(std::move(row)) : caf::expected<job_record>(open->second);
              if (j && may_see(c.who, *j)) out.push_back(std::move(*j));
            }
            c.v->json(200, jobs_json(out));
          },
          [v = c.v](const caf::error& why) { v->refuse(why); });
}

void transfer_calls::with_job(const call& c, std::function<void(const job_record&)> then) {
  if (!ready(c.v)) return;
  auto show = [c, then](const job_record& j) {
    if (!may_see(c.who, j)) return c.v->refuse(ec::not_found, fmt::format("there is no job {}", c.job_id));
    then(j);
  };
  if (auto found = jobs_.find(c.job_id); found != jobs_.end()) {
    auto copy = found->second;
    return show(copy);
  }
  self_->request(to_.lists, patience(), jobs_query{c.job_id, "", 1})
      .then(
          [c, show](jobs_found& found) {
            if (found.jobs.empty()) return c.v->refuse(ec::not_found, fmt::format("there is no job {}", c.job_id));
            auto j = read_job(std::move(found.jobs.front()));
            if (!j) return c.v->refuse(j.error());
            show(*j);
          },
          [v = c.v](const caf::error& why) { v->refuse(why); });
}

void transfer_calls::refuse_open(const call& c, const job_record& j) {
  if (j.row.node != cfg_.node)
    return c.v->refuse(ec::conflict, fmt::format("this job is of the node '{}': ask there", j.row.node));
  c.v->refuse(ec::unavailable, "this job begins or ends at this moment: try again", 1);
}

void transfer_calls::show_job(const call& c) {
  with_job(c, [this_ = shared_from_this(), v = c.v](const job_record& j) { this_->answer_job(v, 200, j); });
}

void transfer_calls::cancel_job(const call& c) {
  with_job(c, [this_ = shared_from_this(), c](const job_record& seen) {
    auto found = this_->jobs_.find(c.job_id);
    if (found == this_->jobs_.end() || !found->second.open()) {
      if (seen.open()) return this_->refuse_open(c, seen);
      // It has ended; what it made is not wanted any more.
      for (const auto& name : {spool_name(c.job_id), export_name(c.job_id), bad_rows_name(c.job_id)})
        if (auto err = this_->files_->remove(name)) return c.v->refuse(err);
      auto j = seen;
      j.progress.file_gone = true;
      j.progress.bad_kept = 0;
      if (found != this_->jobs_.end()) { // its end is not written down yet
        found->second = j;
        return this_->save(c.job_id, [this_, v = c.v, j](const caf::error& why) {
          if (why) return v->refuse(why);
          this_->answer_job(v, 200, j);
        });
      }
      j.row.place = write_progress(j.progress);
      this_->self_->request(this_->to_.writer, this_->patience(), job_put{j.row})
          .then([this_, v = c.v, j](const job&) { this_->answer_job(v, 200, j); },
                [v = c.v](const caf::error& why) { v->refuse(why); });
      return;
    }
    if (this_->busy_.count(c.job_id) != 0)
      return c.v->refuse(ec::overloaded, "a part of this file is being written: try again", 1);
    auto& j = found->second;
    j.row.state = job_state::cancelled;
    j.row.problem = "cancelled by " + c.who.by;
    j.progress.ended_ms = this_->wall_();
    if (this_->run_ && this_->run_->job_id == c.job_id) this_->run_->cancelled = true; // the slice under way counts
    this_->tell(j, "job_cancelled", c.who.by);
    auto copy = j;
    this_->save(c.job_id, [this_, v = c.v, copy](const caf::error& why) {
      if (why) return v->refuse(why);
      this_->answer_job(v, 200, copy);
    });
  });
}

void transfer_calls::resume_job(const call& c) {
  with_job(c, [this_ = shared_from_this(), c](const job_record& seen) {
    if (seen.row.state != job_state::failed)
      return c.v->refuse(ec::conflict, fmt::format("this job is {}: only one that has failed can be resumed",
                                                   word_of(seen.row.state)));
    if (this_->jobs_.count(c.job_id) != 0)
      return c.v->refuse(ec::unavailable, "what became of this job is not written down yet: try again", 1);
    if (seen.row.kind == job_kind::import_codes && !c.who.admin)
      return c.v->refuse(ec::forbidden, "this key has not the scope admin");
    if (seen.progress.file_gone ||
        (seen.row.kind == job_kind::import_codes && !this_->files_->has(spool_name(c.job_id))))
      return c.v->refuse(ec::conflict, "its file is deleted: begin a new job");
    if (this_->jobs_.size() + this_->making_ >= this_->cfg_.jobs_open_max)
      return c.v->refuse(ec::overloaded, "too many jobs wait or run already: try again when one has ended", 10);
    auto j = seen;
    j.row.state = job_state::queued;
    j.row.problem.clear();
    j.progress.ended_ms = 0;
    this_->jobs_.insert_or_assign(c.job_id, j);
    this_->tell(j, "job_resumed", c.who.by);
    this_->save(c.job_id, [this_, c](const caf::error& why) {
      auto now = this_->jobs_.find(c.job_id);
      if (why) return c.v->refuse(why); // it is queued all the same, and written down as soon as the store takes it
      if (now != this_->jobs_.end()) this_->answer_job(c.v, 202, now->second);
      this_->go_on();
    });
  });
}

void transfer_calls::send_file(const call& c) {
  with_job(c, [this_ = shared_from_this(), c](const job_record& j) {
    if (j.row.kind != job_kind::export_codes)
      return c.v->refuse(ec::not_found, "an import has no file; its bad rows are under /bad-rows");
    if (j.row.state != job_state::done) return c.v->refuse(ec::conflict, "the export is not done");
    if (j.progress.file_gone)
      return c.v->refuse(ec::not_found,
                         "the file is deleted, as was asked or since it was old (limits.job_files_kept): export again");
    this_->send_bytes(c, j, export_name(c.job_id), j.row.bytes);
  });
}

void transfer_calls::send_bad_rows(const call& c) {
  with_job(c, [this_ = shared_from_this(), c](const job_record& j) {
    if (j.row.kind != job_kind::import_codes || j.progress.bad_kept == 0)
      return c.v->refuse(ec::not_found, "this job has no bad rows");
    this_->send_bytes(c, j, bad_rows_name(c.job_id), j.progress.bad_bytes);
  });
}

void transfer_calls::send_bytes(const call& c, const job_record& j, const std::string& name, uint64_t size) {
  const auto& r = c.v->request;
  auto tag = fmt::format("\"{}-{}-{}\"", j.row.job_id, j.progress.ended_ms, size);
  constexpr auto gone = "the file is not there any more as it was made: begin a new job";
  auto disposition = fmt::format("attachment; filename=\"{}\"", name);
  auto add = [&](int status, std::string_view body, std::string_view where) {
    c.v->answer([&](http::answer_writer& out) {
      out.add(r.at, status, status == 304 ? "" : "text/csv; charset=utf-8", body, r.request_id,
              {{"ETag", tag},
               {"Cache-Control", "private, no-cache"},
               {"Accept-Ranges", "bytes"},
               {"Content-Disposition", disposition},
               {"Content-Range", where}});
    });
  };
  if (matches(r.if_none_match, tag)) return add(304, "", "");
  if (r.method == http_method::head) {
    if (!files_->has(name)) return c.v->refuse(ec::not_found, gone);
    return c.v->answer([&](http::answer_writer& out) {
      out.add_head(r.at, "text/csv; charset=utf-8", size, r.request_id,
                   {{"ETag", tag},
                    {"Cache-Control", "private, no-cache"},
                    {"Accept-Ranges", "bytes"},
                    {"Content-Disposition", disposition}});
    });
  }
  byte_range range;
  auto verdict = range_holds(r.if_range, tag) ? read_range(r.range, size, range) : range_verdict::whole;
  http::problem what;
  what.code = ec::invalid_request;
  if (verdict == range_verdict::unsatisfiable) {
    what.status = 416;
    what.detail = fmt::format("Range: the file has {} bytes, and none of those that are asked for.", size);
    what.content_range = fmt::format("bytes */{}", size);
    return c.v->refuse(what);
  }
  if (verdict == range_verdict::whole) {
    if (size > cfg_.download_bytes_max) {
      what.status = 428;
      what.detail = fmt::format("The file has {} bytes: ask for {} of them at a time, as in Range: bytes=0-{}.", size,
                                cfg_.download_bytes_max, cfg_.download_bytes_max - 1);
      return c.v->refuse(what);
    }
    range = {0, size - 1};
  }
  // A part may be shorter than what was asked for; Content-Range says so.
  auto length = std::min(range.last - range.first + 1, cfg_.download_bytes_max);
  auto data = files_->read(name, range.first, length);
  if (!data) {
    note_trouble(c.job_id, data.error());
    return c.v->refuse(data.error());
  }
  if (data->size() != length) return c.v->refuse(ec::not_found, gone);
  if (verdict == range_verdict::whole) return add(200, *data, "");
  add(206, *data, fmt::format("bytes {}-{}/{}", range.first, range.first + length - 1, size));
}

} // namespace qrwell
