#include "actors/admin_server/admin_calls.hpp"
#include "actors/admin_server/transfer_requests.hpp"
#include "runtime/codes/transfer_csv.hpp"
#include "runtime/http/json.hpp"

#include <boost/json/array.hpp>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr size_t slice_rows = 50, imports_max = 16;

bool is_csv(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type == "text/csv";
}

} // namespace

void admin_calls::export_codes(const call& c) {
  auto asked = read_export(c.target);
  if (!asked) return c.v->refuse(asked.error());
  auto timeout = std::chrono::milliseconds(cfg_.transfer_timeout_ms);
  auto send_page = [self = self_, v = c.v, lists = to_.lists, timeout, asked = std::move(*asked)](std::string body) {
    self->request(lists, timeout, asked)
        .then(
            [v, body = std::move(body)](const code_page& page) mutable {
              for (const auto& code : page.codes) append_transfer_row(body, code, page.now_ms);
              auto next = next_cursor(page);
              v->answer([&](http::answer_writer& out) {
                out.add(v->request.at, 200, "text/csv; charset=utf-8", body, v->request.request_id,
                        {{"Qrwell-Next-Cursor", next}, {"Cache-Control", "no-store"}},
                        v->request.method == http_method::head);
              });
            },
            [v](const caf::error& why) { v->refuse(why); });
  };
  // Pages that go on have no header, so that all of them, one behind the other, are one file.
  if (c.target.param("cursor")) return send_page("");
  self_->request(to_.lists, timeout, mac_keys_query{})
      .then(
          [send_page](const foreign_keys& known) {
            std::string body(transfer_header);
            for (const auto& key : known.keys) append_transfer_row(body, key);
            send_page(std::move(body));
          },
          [v = c.v](const caf::error& why) { v->refuse(why); });
}

void admin_calls::import_codes(const call& c) {
  if (!is_csv(c.v->request.content_type)) {
    http::problem what;
    what.code = ec::invalid_request;
    what.status = 415;
    what.detail = "Content-Type: must be text/csv.";
    return c.v->refuse(what);
  }
  auto part = read_transfer(c.v->request.body, cfg_.target);
  if (!part) return c.v->refuse(part.error());
  auto sent = part->keys;
  auto begin = [this_ = shared_from_this(), c, part = std::move(*part)]() mutable {
    if (this_->imports_.size() >= imports_max)
      return c.v->refuse(ec::overloaded, "too many parts of imports wait here: send one after the other", 1);
    auto& run = this_->imports_.emplace_back(import_run{c, std::move(part.rows), {}});
    run.sum.faults = std::move(part.faults);
    if (this_->imports_.size() == 1) this_->import_slice();
  };
  if (sent.empty()) return begin();
  self_->request(to_.lists, std::chrono::milliseconds(cfg_.transfer_timeout_ms), mac_keys_query{})
      .then([this_ = shared_from_this(), c, begin,
             sent](const foreign_keys& known) { this_->register_keys(c, known, sent, begin); },
            [v = c.v](const caf::error& why) { v->refuse(why); });
}

// A few rows at a time, and one import after the other: whoever binds a code waits behind one slice at most.
void admin_calls::import_slice() {
  auto& run = imports_.front();
  import_rows slice{{}, run.c.actor};
  while (run.at < run.rows.size() && slice.rows.size() < slice_rows)
    slice.rows.push_back(std::move(run.rows[run.at++]));
  if (slice.rows.empty()) return import_ended({});
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.transfer_timeout_ms), std::move(slice))
      .then(
          [this_ = shared_from_this()](const import_result& got) {
            auto& sum = this_->imports_.front().sum;
            sum.added += got.added;
            sum.same += got.same;
            sum.faults.insert(sum.faults.end(), got.faults.begin(), got.faults.end());
            this_->import_slice();
          },
          [this_ = shared_from_this()](const caf::error& why) { this_->import_ended(why); });
}

void admin_calls::import_ended(const caf::error& failure) {
  auto run = std::move(imports_.front());
  imports_.pop_front();
  write_down(run.c, "import", std::to_string(run.sum.added) + " codes added", failure);
  if (failure) {
    run.c.v->refuse(failure);
  } else {
    auto& faults = run.sum.faults;
    std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    json::array list;
    for (const auto& one : faults) list.push_back(json::object{{"line", one.line}, {"why", one.why}});
    run.c.v->json(200, http::json_text(json::object{
                           {"added", run.sum.added}, {"same", run.sum.same}, {"faults", std::move(list)}}));
  }
  if (!imports_.empty()) import_slice();
}

// Before the codes: none of them must be there before its id is known to be possible.
void admin_calls::register_keys(const call& c, const foreign_keys& known, const std::vector<foreign_key>& sent,
                                std::function<void()> then) {
  foreign_keys fresh{unknown_keys(sent, known.keys), c.actor};
  std::string characters;
  for (const auto& key : fresh.keys) characters += key.key_char;
  if (fresh.keys.empty()) return then();
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.transfer_timeout_ms), std::move(fresh))
      .then(
          [self = self_, scans = to_.scans, characters, then](done) {
            for (auto letter : characters)
              if (self->state.foreign_ids.find(letter) == std::string::npos) self->state.foreign_ids += letter;
            self->send(scans, foreign_ids{self->state.foreign_ids});
            then();
          },
          [c](const caf::error& why) {
            write_down(c, "import", "mac keys", why);
            c.v->refuse(why);
          });
}

} // namespace qrwell
