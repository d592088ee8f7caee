#include "actors/transfer_server/transfer_calls.hpp"
#include "actors/transfer_server/transfer_requests.hpp"

#include "runtime/http/json.hpp"
#include "runtime/keys/authorization.hpp"

#include <boost/json/object.hpp>

#include <charconv>

namespace qrwell {
namespace {

bool read_id(const std::string& text, uint64_t& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc{} && end == text.data() + text.size() && out != 0 && out <= INT64_MAX;
}

} // namespace

transfer_calls::transfer_calls(self_ptr self, transfer_server_config cfg, wall_clock wall,
                               transfer_server_handles handles)
    : self_(self)
    , cfg_(std::move(cfg))
    , wall_(std::move(wall))
    , to_(std::move(handles))
    , pace_(cfg_.pace) {}

const std::vector<transfer_calls::route>& transfer_calls::routes() {
  using m = http_method;
  static const std::vector<route> table{
      {m::get, {"v1", "export"}, scope_admin, &transfer_calls::export_page},
      {m::post, {"v1", "import"}, scope_admin, &transfer_calls::import_part},
      {m::post, {"v1", "imports"}, scope_admin, &transfer_calls::begin_import},
      {m::patch, {"v1", "imports", "*"}, scope_admin, &transfer_calls::add_to_import},
      {m::post, {"v1", "exports"}, scope_read, &transfer_calls::begin_export},
      {m::get, {"v1", "jobs"}, scope_read, &transfer_calls::list_jobs},
      {m::get, {"v1", "jobs", "*"}, scope_read, &transfer_calls::show_job},
      {m::del, {"v1", "jobs", "*"}, scope_read, &transfer_calls::cancel_job},
      {m::post, {"v1", "jobs", "*", "resume"}, scope_read, &transfer_calls::resume_job},
      {m::get, {"v1", "jobs", "*", "file"}, scope_read, &transfer_calls::send_file},
      {m::get, {"v1", "jobs", "*", "bad-rows"}, scope_read, &transfer_calls::send_bad_rows},
  };
  return table;
}

void transfer_calls::serve(http_batch& batch) {
  auto sink = caf::actor_cast<answer_sink>(self_->current_sender());
  for (auto& request : batch.requests) {
    auto v = std::make_shared<visit>(self_, sink, std::move(request), self_->state.under_way);
    if (self_->state.under_way > cfg_.under_way_max) {
      ++self_->state.refused;
      v->refuse(ec::overloaded, "too many exports and imports are under way: try again", 1);
      continue;
    }
    dispatch(v);
  }
}

void transfer_calls::dispatch(const visit_ptr& v) {
  auto target = http::parse_target(v->request.target);
  if (!target) return v->refuse(target.error());
  auto method = v->request.method == http_method::head ? http_method::get : v->request.method;
  const auto& segments = target->segments;
  for (const auto& r : routes()) {
    if (r.method != method || r.path.size() != segments.size()) continue;
    uint64_t job_id = 0;
    bool fits = true;
    for (size_t i = 0; i < segments.size() && fits; ++i)
      fits = r.path[i] == "*" ? read_id(segments[i], job_id) : r.path[i] == segments[i];
    if (!fits) continue;
    ++self_->state.served;
    return authorize(r, {v, std::move(*target), {}, job_id});
  }
  v->refuse(ec::not_found, "there is nothing under this path; jobs have numbers, as in /v1/jobs/17");
}

void transfer_calls::authorize(const route& r, call c) {
  if (c.v->request.operators && is_operator_token(c.v->request.authorization, cfg_.admin_token)) {
    c.who = {"admin token", "", {}, true};
    return run(r, std::move(c));
  }
  auto v = c.v; // `c` goes into the handler
  self_->state.keys->with_key(v->request.authorization, [this_ = shared_from_this(), &r,
                                                         c = std::move(c)](caf::expected<const api_key*> key) mutable {
    if (!key) return c.v->refuse(key.error());
    const auto& k = **key;
    if (!this_->self_->state.keys->charge(k, *c.v)) return;
    if (auto err = permit_scope_or_admin(k, r.scope)) return c.v->refuse(err);
    c.who = {"key:" + k.name, k.owner, k.pools, is_admin(k)};
    this_->run(r, std::move(c));
  });
}

// Nobody must try again who came a moment after a start.
void transfer_calls::run(const route& r, call c) {
  if (loading_)
    waiting_.emplace_back(&r, std::move(c));
  else
    (this->*r.run)(c);
}

bool transfer_calls::csv_sent(const call& c) {
  std::string_view type(c.v->request.content_type);
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  if (type == "text/csv") return true;
  http::problem what;
  what.code = ec::invalid_request;
  what.status = 415;
  what.detail = "Content-Type: must be text/csv.";
  c.v->refuse(what);
  return false;
}

int64_t transfer_calls::mono_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(self_->clock().now().time_since_epoch()).count();
}

void transfer_calls::on_tick() {
  auto now = mono_us();
  if (now >= second_due_us_) {
    second_due_us_ = now + 999'000;
    self_->delayed_send(self_, std::chrono::seconds(1), tick{});
    self_->state.keys->refresh_if_due();
    self_->state.keys->tell_used(to_.writer);
    care();
  }
  if (step_due_us_ >= 0 && now >= step_due_us_) {
    step_due_us_ = -1;
    working_ = false;
    go_on();
  }
}

void transfer_calls::register_keys(const std::string& actor, const transfer_part& part, then_fn then) {
  auto others = cfg_.ours ? characters_of_others(part.rows, *cfg_.ours) : std::string();
  const auto& told = self_->state.foreign_ids;
  if (part.keys.empty() && others.find_first_not_of(told) == others.npos) return then({});
  self_->request(to_.lists, patience(), mac_keys_query{})
      .then(
          [this_ = shared_from_this(), actor, sent = part.keys, others, then](const foreign_keys& known) {
            foreign_keys fresh{unknown_keys(sent, known.keys), actor};
            auto all = known.keys;
            all.insert(all.end(), fresh.keys.begin(), fresh.keys.end());
            auto shared = shared_characters(all);
            // The file does not name the keys of these: its ids must resolve all the same, so they stand for one that
            // nobody has. Its fingerprint is zeros.
            for (auto letter : others)
              if (shared.find(letter) == shared.npos) {
                fresh.keys.push_back({letter, {}});
                shared += letter;
              }
            // Also when the store knows them all: a try before this one may have ended in between.
            if (fresh.keys.empty()) return this_->tell_scans(shared, then);
            this_->self_->request(this_->to_.writer, this_->patience(), std::move(fresh))
                .then([this_, shared, then](done) { this_->tell_scans(shared, then); },
                      [then](const caf::error& why) { then(why); });
          },
          [then](const caf::error& why) { then(why); });
}

// It has heard it when this goes on. One that is started meanwhile reads it in the store.
void transfer_calls::tell_scans(const std::string& characters, then_fn then) {
  if (characters.empty()) return then({});
  self_->request(to_.scans, patience(), foreign_ids{characters})
      .then(
          [this_ = shared_from_this(), characters, then] {
            auto& told = this_->self_->state.foreign_ids;
            for (auto letter : characters)
              if (told.find(letter) == told.npos) told += letter;
            then({});
          },
          [then](const caf::error& why) { then(why); });
}

actor_status transfer_calls::status() const {
  const auto& st = self_->state;
  boost::json::object facts{{"under_way", st.under_way},
                            {"served", st.served},
                            {"refused", st.refused},
                            {"jobs_open", jobs_.size()},
                            {"jobs_done", jobs_done_},
                            {"jobs_failed", jobs_failed_},
                            {"running", run_ ? run_->job_id : 0},
                            {"rows", rows_},
                            {"slice_rows", pace_.rows()},
                            {"slowest_slice_us", slowest_slice_us_}};
  return {"transfer_server", "transfer_server", trouble_, http::json_text(facts)};
}

} // namespace qrwell
