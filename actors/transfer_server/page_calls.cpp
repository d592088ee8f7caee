#include "actors/transfer_server/transfer_calls.hpp"
#include "actors/transfer_server/transfer_requests.hpp"
#include "runtime/http/json.hpp"
#include "runtime/logging/log.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace qrwell {

namespace json = boost::json;

void transfer_calls::export_page(const call& c) {
  auto asked = read_export(c.target);
  if (!asked) return c.v->refuse(asked.error());
  auto send_page = [this_ = shared_from_this(), v = c.v, asked = std::move(*asked)](std::string body) {
    this_->self_->request(this_->to_.lists, this_->patience(), asked)
        .then(
            [v, body = std::move(body)](const code_page& page) mutable {
              for (const auto& code : page.codes) append_transfer_row(body, code, page.now_ms);
              auto next = next_cursor(page);
              v->text(200, "text/csv; charset=utf-8", body,
                      {{"Qrwell-Next-Cursor", next}, {"Cache-Control", "no-store"}});
            },
            [v](const caf::error& why) { v->refuse(why); });
  };
  // Pages that go on have no header, so that all of them, one behind the other, are one file.
  if (c.target.param("cursor")) return send_page("");
  self_->request(to_.lists, patience(), mac_keys_query{})
      .then(
          [send_page](const foreign_keys& known) {
            std::string body(transfer_header);
            for (const auto& key : known.keys) append_transfer_row(body, key);
            send_page(std::move(body));
          },
          [v = c.v](const caf::error& why) { v->refuse(why); });
}

void transfer_calls::import_part(const call& c) {
  if (!csv_sent(c)) return;
  auto part = read_transfer(c.v->request.body, cfg_.target, wall_());
  if (!part) return c.v->refuse(part.error());
  auto sent = std::make_shared<transfer_part>(std::move(*part));
  register_keys(c.who.by, *sent, [this_ = shared_from_this(), c, sent](const caf::error& why) {
    if (why) return c.v->refuse(why);
    if (this_->parts_.size() >= this_->cfg_.parts_max)
      return c.v->refuse(ec::overloaded, "too many parts of imports wait here: send one after the other", 1);
    auto& run = this_->parts_.emplace_back(import_part_run{c, std::move(sent->rows), {}});
    run.sum.faults = std::move(sent->faults);
    this_->go_on();
  });
}

void transfer_calls::part_slice() {
  auto& run = parts_.front();
  import_rows slice{{}, run.c.who.by};
  while (run.at < run.rows.size() && slice.rows.size() < pace_.rows())
    slice.rows.push_back(std::move(run.rows[run.at++]));
  if (slice.rows.empty()) return part_ended({});
  working_ = true;
  auto rows = static_cast<uint32_t>(slice.rows.size());
  self_->request(to_.writer, patience(), std::move(slice))
      .then(
          [this_ = shared_from_this(), rows, begun = mono_us()](const import_result& got) {
            auto& sum = this_->parts_.front().sum;
            sum.added += got.added;
            sum.same += got.same;
            sum.faults.insert(sum.faults.end(), got.faults.begin(), got.faults.end());
            auto took = this_->mono_us() - begun;
            this_->slowest_slice_us_ = std::max(this_->slowest_slice_us_, took);
            this_->rows_ += rows;
            auto pause = this_->pace_.took(took, rows, got.binds_beside);
            // The answer does not wait for the pause.
            if (this_->parts_.front().at == this_->parts_.front().rows.size()) this_->part_ended({});
            this_->pause_for(pause);
          },
          [this_ = shared_from_this()](const caf::error& why) {
            this_->part_ended(why);
            this_->pause_for(0);
          });
}

void transfer_calls::part_ended(const caf::error& failure) {
  auto run = std::move(parts_.front());
  parts_.pop_front();
  static const log::voice voice{"transfer_server"};
  if (failure) {
    voice.warn("import failed", {{"request_id", run.c.v->request.request_id},
                                 {"by", run.c.who.by},
                                 {"added", run.sum.added},
                                 {"why", render(failure)}});
    return run.c.v->refuse(failure);
  }
  voice.info("imported", {{"request_id", run.c.v->request.request_id}, {"by", run.c.who.by}, {"added", run.sum.added}});
  auto& faults = run.sum.faults;
  std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  json::array list;
  for (const auto& one : faults) list.push_back(json::object{{"line", one.line}, {"why", one.why}});
  run.c.v->json(200, http::json_text(
                         json::object{{"added", run.sum.added}, {"same", run.sum.same}, {"faults", std::move(list)}}));
}

} // namespace qrwell
